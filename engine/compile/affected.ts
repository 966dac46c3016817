import { isObject, type Json } from '../model/json.ts'
import { isTrigger, workflowKinds } from '../model/kind.ts'
import { type ManifestDocument, namespaceOf } from './catalog.ts'

/**
 * Known workflows, Tasks and triggers that name something that is given or goes away.
 *
 * @param touched namespace, kind and name: `default/task/charge`
 */
export const affected = (known: ManifestDocument[], touched: Set<string>, home: string): ManifestDocument[] =>
  known.filter(manifest => {
    const namespace = namespaceOf(manifest as unknown as Json, home)
    const mentions = (value: Json): boolean => {
      if (Array.isArray(value)) return value.some(mentions)
      if (!isObject(value)) return false
      return Object.keys(value).some(
        key =>
          ((key === 'task' || key === 'queue') && touched.has(`${namespace}/${key}/${value[key]}`)) ||
          mentions(value[key]!),
      )
    }
    if (isTrigger(manifest.kind)) return touched.has(`${namespace}/workflow/${manifest.spec.workflow}`)
    return (workflowKinds.includes(manifest.kind) || manifest.kind === 'Task') && mentions(manifest.spec)
  })
