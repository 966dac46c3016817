import { type CompiledManifest, differences } from '../../compile/index.ts'
import { isObject, type JsonObject } from '../../model/json.ts'
import type { Kind } from '../../model/kind.ts'
import { readDocuments, type ReviewPart, unannounced as missingHandlers } from '../../store/change.ts'
import type { AppliedRow } from '../../store/manifest.ts'
import type { Sql } from '../../store/sql.ts'
import { type Change, type InFlight, inFlightOf, isChange, keyOf, type Unannounced } from './change.ts'
import { effectsOf, surroundings } from './effect.ts'
import { keyOfManifest } from './prepare.ts'

/** What applying manifests does to each of them. Only documents of those that change are read. */
export const changesOf = async (
  sql: Sql,
  {
    namespace,
    manifests,
    applied,
    runs,
    gone,
  }: {
    namespace: string
    manifests: CompiledManifest[]
    applied: Map<string, AppliedRow>
    runs: Map<string, InFlight[]>
    gone: string[]
  },
): Promise<Change[]> => {
  const isSame = (manifest: CompiledManifest, row: AppliedRow) =>
    row.hash === manifest.hash && row.plan_hash === (manifest.planHash ?? null)
  const isDifferent = (manifest: CompiledManifest) => {
    const row = applied.get(keyOfManifest(manifest))
    return !row || !isSame(manifest, row)
  }
  const different = manifests.filter(isDifferent)
  const changed = new Set(different.map(keyOfManifest))
  const edited = different.flatMap(manifest => {
    const row = applied.get(keyOfManifest(manifest))
    return row && row.hash !== manifest.hash ? [row] : []
  })
  const documents = new Map(
    (edited.length > 0 ? await readDocuments(sql, { namespace, names: edited }) : []).map(row => [
      keyOf(row),
      row.document,
    ]),
  )
  const around = await surroundings(sql, { namespace, manifests, changed: new Set([...changed, ...gone]) })
  return manifests.map(manifest => {
    const key = keyOfManifest(manifest)
    const [kind, name] = [key.slice(0, key.indexOf('/')) as Kind, manifest.name]
    const row = applied.get(key)
    const resumed = row?.draining === true && !manifest.recompiled
    const action = !row ? 'created' : changed.has(key) || resumed ? 'updated' : 'unchanged'
    const before = documents.get(key)
    const old = isObject(before) ? before : null
    return {
      action,
      kind,
      name,
      revision: (row?.revision ?? 0) + (changed.has(key) ? 1 : 0),
      ...inFlightOf(runs, key),
      fields: old ? differences(old, manifest.document as unknown as JsonObject) : [],
      effects: [
        ...(resumed ? [{ what: 'resumed' as const }] : []),
        ...(changed.has(key) ? effectsOf({ action, kind, name }, manifest, old, around) : []),
      ],
    }
  })
}

/** Its content is as it was: only that it drains ends. */
export const isResumed = ({ effects, fields }: Change): boolean =>
  fields.length === 0 && effects.length === 1 && effects[0]!.what === 'resumed'

/** What was applied from the same place and is not there any more, and stays. */
export const kept = ({ kind, name, revision, draining }: AppliedRow): Change => ({
  action: 'kept',
  kind,
  name,
  revision,
  runs: 0,
  inFlight: [],
  fields: [],
  effects: draining ? [{ what: 'drains' }] : [],
})

/** A change as the id of a diff is made of it. */
export const partOf = (
  change: Change,
  given: Map<string, CompiledManifest>,
  applied: Map<string, AppliedRow>,
): ReviewPart => {
  const key = keyOf(change)
  const manifest = given.get(key)
  return {
    key,
    action: change.action,
    from: applied.get(key)?.revision ?? 0,
    to: manifest?.hash ?? '',
    plan: manifest?.planHash ?? '',
  }
}

/** Which handlers of what changes no live worker has. */
export const unannouncedOf = async (
  sql: Sql,
  namespace: string,
  changes: Change[],
  given: Map<string, CompiledManifest>,
): Promise<Unannounced> => {
  const wanted = new Map<string, Set<string>>()
  for (const change of changes.filter(isChange)) {
    const key = keyOf(change)
    for (const { task } of given.get(key)!.plan?.nodes ?? []) {
      if (!task) continue
      const by = wanted.get(task.handler)
      if (by) by.add(key)
      else wanted.set(task.handler, new Set([key]))
    }
  }
  if (wanted.size === 0) return { handlers: [] }
  const missing = await missingHandlers(sql, { namespace, handlers: [...wanted.keys()] })
  return { handlers: missing?.map(handler => ({ handler, by: [...wanted.get(handler)!] })) ?? null }
}
