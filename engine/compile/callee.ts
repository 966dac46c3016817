import { isObject, type Json } from '../model/json.ts'
import { workflowKinds } from '../model/kind.ts'
import { type Callee, type Catalog, keyOf, type ManifestDocument, nameOf } from './catalog.ts'
import { compilationOf } from './compilation.ts'
import type { Diagnostic } from './text/diagnostic.ts'
import { knownOutput } from './expression/output.ts'
import type { Read } from './source.ts'
import { compileWorkflow } from './workflow/workflow.ts'
import { documentOf, type Written } from './written.ts'

/** Compiles workflows as parts of others, each once. */
export const calleesOf = (
  catalog: Catalog,
  given: Read[],
  known: ManifestDocument[],
  written: Map<string, Written> | undefined,
): Catalog['callee'] => {
  const done = new Map<string, Callee | undefined>()
  const readNamed = (name: string): Read | undefined => {
    const isIt = (manifest: Json) =>
      isObject(manifest) && workflowKinds.includes(String(manifest.kind)) && nameOf(manifest) === name
    const found = given.find(one => isIt(one.document.value))
    if (found) return found
    const manifest = known.find(one => isIt(one as unknown as Json))
    return manifest && documentOf(manifest, written?.get(keyOf(manifest)))
  }
  const compiled = (name: string): Callee | undefined => {
    const read = readNamed(name)
    if (!read || read.unresolved || read.broken.size > 0) return undefined
    const diagnostics: Diagnostic[] = []
    const compilation = compilationOf(read.document, { broken: read.broken, catalog, applied: false }, diagnostics)
    const plan = compileWorkflow(compilation)
    const wrong = diagnostics.some(one => one.severity === 'error') || compilation.items.some(item => item.broken)
    if (wrong) return undefined
    return { plan, output: knownOutput(compilation, compilation.items[0]!, 'shaped'), uses: compilation.uses }
  }
  return name => {
    if (!done.has(name)) done.set(name, compiled(name))
    return done.get(name)
  }
}
