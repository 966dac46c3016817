import { isObject, type Json } from '../model/json.ts'
import { isTrigger, workflowKinds } from '../model/kind.ts'
import { type ManifestDocument, namespaceOf } from './catalog.ts'

/**
 * Known workflows, Tasks and triggers that name something that is given or goes away, or a workflow that does.
 *
 * @param touched namespace, kind and name: `default/task/charge`
 */
export const affected = (known: ManifestDocument[], touched: Set<string>, home: string): ManifestDocument[] => {
  const parts = new Set(touched)
  for (;;) {
    const found = naming(known, { touched, parts }, home)
    const before = parts.size
    for (const manifest of found)
      if (workflowKinds.includes(manifest.kind))
        parts.add(`${namespaceOf(manifest as unknown as Json, home)}/workflow/${manifest.metadata.name}`)
    if (parts.size === before) return found
  }
}

/** @param parts `touched`, and the workflows that are compiled anew because of it: so is what they are parts of */
const naming = (
  known: ManifestDocument[],
  { touched, parts }: { touched: Set<string>; parts: Set<string> },
  home: string,
): ManifestDocument[] =>
  known.filter(manifest => {
    const namespace = namespaceOf(manifest as unknown as Json, home)
    const mentions = (value: Json): boolean => {
      if (Array.isArray(value)) return value.some(mentions)
      if (!isObject(value)) return false
      return Object.keys(value).some(
        key =>
          ((key === 'task' || key === 'queue' || key === 'workflow') &&
            parts.has(`${namespace}/${key}/${value[key]}`)) ||
          mentions(value[key]!),
      )
    }
    if (isTrigger(manifest.kind)) return touched.has(`${namespace}/workflow/${manifest.spec.workflow}`)
    return (workflowKinds.includes(manifest.kind) || manifest.kind === 'Task') && mentions(manifest.spec)
  })
