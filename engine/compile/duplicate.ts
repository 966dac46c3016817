import { isObject, type JsonObject } from '../model/json.ts'
import { workflowKinds } from '../model/kind.ts'
import { nameOf, namespaceOf } from './catalog.ts'
import type { Diagnostic } from './text/diagnostic.ts'
import { diagnose, type Document, position, valueSpan } from './text/document.ts'

/** Names that two documents have; the four kinds of workflows share one space. */
export const duplicateNames = (documents: Document[], home: string): Diagnostic[] => {
  const first = new Map<string, Document>()
  const found: Diagnostic[] = []
  for (const document of documents) {
    const manifest = document.value
    const name = nameOf(manifest)
    if (!isObject(manifest) || name === undefined) continue
    const kind = workflowKinds.includes(String(manifest.kind)) ? 'workflow' : String(manifest.kind)
    const key = `${namespaceOf(manifest, home)}/${kind}/${name}`
    const before = first.get(key)
    if (!before) first.set(key, document)
    else {
      const { line } = position(before.lines, before.span.start)
      const span = valueSpan(document, { owner: manifest.metadata as JsonObject, key: 'name' })
      const message = `${before.file}:${line} declares a ${kind} "${name}" already`
      found.push(diagnose(document, span, 'DUPLICATE_NAME', message))
    }
  }
  return found
}
