import type { CompiledManifest, Diagnostic, Source } from '../compile/index.ts'
import { TqError } from '../model/errors.ts'
import type { Kind } from '../model/kind.ts'
import { type AppliedRow, lockApply, openRuns, readApplied } from '../store/manifest.ts'
import type { Sql } from '../store/sql.ts'
import { type Change, isChange, keyOf, type Unannounced } from './change/change.ts'
import { changesOf, isResumed, kept, partOf, unannouncedOf } from './change/compare.ts'
import { checkGoing, concernsTriggers, go, goingOf, resume } from './change/going.ts'
import { keep } from './change/keep.ts'
import { keyOfManifest, type Prepared, prepare } from './change/prepare.ts'
import { checkReview, keepReview } from './change/review.ts'
import { ensureTopics, type TopicsReport } from './change/topics.ts'
import type { Context } from './context.ts'

/** What is to be applied, and how. */
export type Wanted = {
  sources: Source[]
  /** Files of values for `config`; of two the later wins. */
  values?: Source[]
  /** Names of the handlers under tasks/; null where that folder is not at hand. */
  handlers: string[] | null
  /** Where the manifests come from. */
  origin: string
  /** What goes away: what was applied from the same place and is not there any more, or these. Default: nothing. */
  remove?: 'missing' | { kind: Kind; name: string }[]
  /** What goes away and has open runs is started no more, and deleted when the last of them has ended. Default: it is refused. */
  drain?: boolean
  /** Says what would change, and changes nothing. */
  dryRun?: boolean
  /** The id of a diff: nothing else than it has shown is applied. */
  diff?: string
  /** The file that is kept with each, where it is not that of its source. */
  file?: string
  /** What became of the queues' topics, where the broker has such. Without Kafka's answer the manifests are applied all the same. */
  onTopics?(report: TopicsReport): void
}

export type Applied = {
  diagnostics: Diagnostic[]
  /** The texts that diagnostics are about. */
  sources: Source[]
  /** What was changed, or would be; null where there are errors: nothing was. */
  changes: Change[] | null
  unannounced: Unannounced
  /** The id of what would be changed; null: it was changed, or there is nothing to change. */
  diff: string | null
  /** What somebody else applied meanwhile, so that all was compiled again: `task/charge`. */
  moved: string[]
}

/**
 * Makes manifests the current ones: all or nothing, in one transaction (semantics A1). The same content again changes nothing. Runs in
 * progress keep what they started with.
 *
 * They are compiled before the transaction begins, so that others need not wait for it. Where somebody else has applied something
 * meanwhile, they are compiled again with that, in the transaction; where that is one of these manifests, with other content, the
 * other one has won.
 *
 * @throws CONFLICT
 */
export const apply = async (context: Context, wanted: Wanted): Promise<Applied> => {
  const prepared = await prepare(context, wanted)
  if (isWrong(prepared)) return refused(prepared, [])
  const done = await context.sql.begin(async sql => {
    await lockApply(sql, context.namespace)
    const applied = await readAll(sql, context.namespace)
    const moved = movedSince(prepared.base, applied)
    if (moved.length === 0) return change(sql, context, wanted, { ...prepared, applied, moved })
    checkOurs(moved, prepared, applied)
    const again = await prepare({ ...context, sql }, wanted)
    const noticed = moved.filter(key => concerns(again, key))
    return isWrong(again)
      ? refused(again, noticed)
      : change(sql, context, wanted, { ...again, applied, moved: noticed })
  })
  if (!wanted.dryRun && done.changes) await announce(context, wanted, done.changes)
  return done
}

const isWrong = ({ diagnostics }: Prepared): boolean => diagnostics.some(one => one.severity === 'error')

const refused = ({ diagnostics, sources }: Prepared, moved: string[]): Applied => ({
  diagnostics,
  sources,
  changes: null,
  unannounced: { handlers: [] },
  diff: null,
  moved,
})

const readAll = async (sql: Sql, namespace: string): Promise<Map<string, AppliedRow>> =>
  new Map((await readApplied(sql, { namespace })).map(row => [keyOf(row), row]))

/** Says what changes, and changes it, unless that is not wanted. */
const change = async (
  sql: Sql,
  { namespace }: Context,
  wanted: Wanted,
  { compiled, diagnostics, sources, applied, moved }: Prepared & { applied: Map<string, AppliedRow>; moved: string[] },
): Promise<Applied> => {
  const { origin, remove, drain = false, dryRun = false } = wanted
  const given = new Map(compiled.manifests.map(manifest => [keyOfManifest(manifest), manifest]))
  const runs = Map.groupBy(await openRuns(sql, { namespace }), keyOf)
  const rows = [...applied.values()].filter(row =>
    Array.isArray(remove)
      ? remove.some(one => keyOf(one) === keyOf(row))
      : row.origin === origin && !given.has(keyOf(row)),
  )
  const gone = remove === undefined ? [] : rows.map(keyOf)
  const changed = await changesOf(sql, { namespace, manifests: compiled.manifests, applied, runs, gone })
  const going =
    remove === undefined
      ? rows.map(kept)
      : await goingOf(sql, { namespace, rows, applied, staying: new Set(given.keys()), runs, drain })
  const changes = [...changed, ...going]
  const parts = changes.filter(isChange).map(change => partOf(change, given, applied))
  if (wanted.diff !== undefined) {
    const uses = new Map([...given].map(([key, manifest]) => [key, manifest.uses]))
    await checkReview(sql, { namespace, id: wanted.diff, parts, applied, uses })
  }
  const unannounced = await unannouncedOf(sql, namespace, changed, given)
  const common = { diagnostics, sources, unannounced, moved }
  if (dryRun) return { ...common, changes, diff: parts.length > 0 ? await keepReview(sql, namespace, parts) : null }
  checkGoing(changes)
  const revisions = await store(sql, { namespace, origin, changed, given })
  await go(sql, namespace, going)
  return {
    ...common,
    changes: changes.map(change => ({ ...change, revision: revisions.get(keyOf(change)) ?? change.revision })),
    diff: null,
  }
}

const store = async (
  sql: Sql,
  {
    namespace,
    origin,
    changed,
    given,
  }: { namespace: string; origin: string; changed: Change[]; given: Map<string, CompiledManifest> },
): Promise<Map<string, number>> => {
  const different = changed.filter(change => change.action !== 'unchanged' && !isResumed(change))
  const manifests = different.map(change => given.get(keyOf(change))!)
  const revisions = await keep(sql, { namespace, origin, manifests })
  const resumed = changed.filter(change => change.effects.some(effect => effect.what === 'resumed'))
  if (resumed.length > 0) await resume(sql, namespace, resumed)
  return revisions
}

/** What is not as it was when it was read. */
const movedSince = (base: Prepared['base'], applied: Map<string, AppliedRow>): string[] => [
  ...[...applied.values()].filter(row => base.get(keyOf(row))?.revision !== row.revision).map(keyOf),
  ...[...base.keys()].filter(key => !applied.has(key)),
]

/** Whether a manifest is one of these, or one of them is made of it. */
const concerns = ({ compiled }: Prepared, key: string): boolean =>
  compiled.manifests.some(manifest => keyOfManifest(manifest) === key || manifest.uses.includes(key))

/** Who has applied one of these manifests meanwhile, with other content, has won. */
const checkOurs = (moved: string[], { compiled }: Prepared, applied: Map<string, AppliedRow>): void => {
  const given = new Map(compiled.manifests.map(manifest => [keyOfManifest(manifest), manifest]))
  const lost = moved.filter(key => {
    const manifest = given.get(key)
    return manifest && !manifest.recompiled && applied.get(key)?.hash !== manifest.hash
  })
  if (lost.length === 0) return
  const what = lost.map(key => {
    const revision = applied.get(key)?.revision
    return revision ? `${key} was applied (now revision ${revision})` : `${key} was deleted`
  })
  throw new TqError(
    'CONFLICT',
    `somebody else was first: ${what.join(', ')} while these manifests were being applied; nothing was changed. Look at it: tq diff`,
    { moved: lost },
  )
}

/** Tells those who run, and makes topics. A workflow or Task may bring queues that are new as well. */
const announce = async (context: Context, { remove, onTopics }: Wanted, changes: Change[]): Promise<void> => {
  if (changes.some(change => change.action === 'created' || change.action === 'updated'))
    context.broker.broadcast({ type: 'queues' })
  if (concernsTriggers(changes)) context.broker.broadcast({ type: 'triggers' })
  onTopics?.(await ensureTopics(context, remove === 'missing'))
}
