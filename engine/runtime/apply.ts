import type { TopicReport } from '../broker/index.ts'
import type { Compiled } from '../compile/index.ts'
import type { QueueSpec } from '../../schemas/manifest.types.ts'
import { TqError } from '../model/errors.ts'
import { isTriggerKind, type Kind, kindOf } from '../model/kind.ts'
import {
  lockApply,
  openRuns,
  type QueueFields,
  readApplied,
  removeManifest,
  ensureQueues,
  storePlans,
  storeQueue,
  storeRevisions,
} from '../store/manifest.ts'
import { removeSchedule } from '../store/schedule.ts'
import type { Sql } from '../store/sql.ts'
import { readTriggers } from '../store/trigger.ts'
import type { Context } from './context.ts'
import { parseDuration } from '../model/duration.ts'
import { parseRate } from './limit.ts'
import { registerSchedules } from './schedule/register.ts'

export type Change = {
  action: 'created' | 'updated' | 'unchanged' | 'deleted' | 'kept'
  kind: Kind
  name: string
  revision: number
  runs: number
}

export type TopicsReport = { unreachable: string } | TopicReport[]

export type ApplyOptions = {
  /** Where the manifests came from: what `prune` may delete was applied from there. */
  origin: string
  prune: boolean
  dryRun: boolean
  /** What became of the queues' topics, where the broker has such. Without Kafka's answer the manifests are applied all the same. */
  onTopics?(report: TopicsReport): void
}

type Manifest = Compiled['manifests'][number]

/**
 * Makes manifests the current ones: all or nothing, in one transaction (semantics A1). The same content again changes nothing.
 * Runs in progress keep what they started with.
 */
export const apply = async (context: Context, compiled: Compiled, options: ApplyOptions): Promise<Change[]> => {
  const { namespace } = context
  const changes = await context.sql.begin(async sql => {
    await lockApply(sql, namespace)
    const before = new Map((await readApplied(sql, { namespace })).map(row => [`${row.kind}/${row.name}`, row]))
    const runs = new Map((await openRuns(sql, { namespace })).map(row => [`${row.kind}/${row.name}`, row.runs]))
    const given = compiled.manifests.map(manifest => ({
      manifest,
      kind: kindOf(manifest.kind),
      key: `${kindOf(manifest.kind)}/${manifest.name}`,
    }))
    const different = given.filter(({ manifest, key }) => {
      const row = before.get(key)
      return !row || row.hash !== manifest.hash || row.plan_hash !== (manifest.planHash ?? null)
    })
    const revisions = options.dryRun
      ? new Map<string, number>()
      : await store(
          sql,
          namespace,
          options.origin,
          different.map(({ manifest }) => manifest),
        )
    const missing = [...before.values()].filter(
      row => row.origin === options.origin && !given.some(({ key }) => key === `${row.kind}/${row.name}`),
    )
    if (options.prune) {
      await checkStarters(sql, namespace, given, missing)
      await prune(sql, namespace, missing, runs, options.dryRun)
    }
    const changed = new Set(different.map(({ key }) => key))
    return [
      ...given.map(({ manifest, kind, key }): Change => {
        const row = before.get(key)
        const action = !row ? 'created' : changed.has(key) ? 'updated' : 'unchanged'
        return {
          action,
          kind,
          name: manifest.name,
          revision: revisions.get(key) ?? (row?.revision ?? 0) + (changed.has(key) ? 1 : 0),
          runs: runs.get(key) ?? 0,
        }
      }),
      ...missing.map(
        (row): Change => ({
          action: options.prune ? 'deleted' : 'kept',
          kind: row.kind,
          name: row.name,
          revision: row.revision,
          runs: 0,
        }),
      ),
    ]
  })
  // A workflow or Task may bring queues that are new as well.
  if (!options.dryRun && changes.some(change => change.action === 'created' || change.action === 'updated'))
    context.broker.broadcast({ type: 'queues' })
  if (!options.dryRun && changes.some(change => isTriggerKind(change.kind) && change.action !== 'unchanged'))
    context.broker.broadcast({ type: 'triggers' })
  if (!options.dryRun) options.onTopics?.(await ensureTopics(context, options.prune))
  return changes
}

/** So long may a cluster take to answer. */
const topicsMs = 8000

const ensureTopics = async (context: Context, prune: boolean): Promise<TopicsReport> => {
  const queues = (await context.queues(true)).filter(queue => queue.id !== 0)
  const wanted = queues.map(({ name, topic }) => ({ name, topic: topic ?? {} }))
  const late = Promise.withResolvers<TopicsReport>()
  const timer = setTimeout(() => late.resolve({ unreachable: `no answer in ${topicsMs / 1000} s` }), topicsMs)
  try {
    const asked = context.broker.ensureTopics(wanted, { prune })
    return await Promise.race([asked.catch((error: Error) => ({ unreachable: error.message })), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Names of the workflows that texts plainly declare at their roots, to leave out of what is read for compiling: only what is
 * about to be replaced. One that is missed is read for nothing.
 */
export const declaredWorkflows = (texts: string[]): string[] =>
  texts.flatMap(text =>
    text.split(/^---.*$/m).flatMap(document => {
      if (!/^kind:[ \t]*(Chain|Group|Chord|Flow)[ \t]*$/m.test(document)) return []
      const name =
        /^metadata:[ \t]*(?:\{[^}\n]*?\bname:[ \t]*|\n(?:[ \t]+[^\n]*\n)*?[ \t]+name:[ \t]*)([a-z][a-z0-9-]*)/m.exec(
          document,
        )
      return name ? [name[1]!] : []
    }),
  )

const store = async (
  sql: Sql,
  namespace: string,
  origin: string,
  manifests: Manifest[],
): Promise<Map<string, number>> => {
  if (manifests.length === 0) return new Map()
  const plans = await storePlans(
    sql,
    manifests.flatMap(({ plan, trigger, planHash }) =>
      planHash ? [{ hash: planHash, document: JSON.stringify(plan ?? trigger) }] : [],
    ),
  )
  await ensureQueues(sql, {
    namespace,
    names: [...new Set(['default', ...manifests.flatMap(({ plan }) => (plan ? queuesOf(plan.nodes) : []))])],
  })
  for (const { name, document } of manifests.filter(({ kind }) => kind === 'Queue'))
    await storeQueue(sql, { namespace, name, fields: fieldsOf(document) })
  const stored = await storeRevisions(sql, {
    namespace,
    origin,
    revisions: manifests.map(({ kind, name, hash, document, source, file, planHash }) => ({
      kind: kindOf(kind),
      name,
      hash,
      document: JSON.stringify(document),
      source,
      file,
      plan: planHash ? plans.get(planHash)! : null,
    })),
  })
  await registerSchedules(sql, {
    namespace,
    triggers: manifests.flatMap(({ trigger, planHash }) =>
      trigger?.kind === 'Schedule' ? [{ trigger, plan: plans.get(planHash!)! }] : [],
    ),
  })
  return new Map(stored.map(row => [`${row.kind}/${row.name}`, row.revision]))
}

const queuesOf = (nodes: { task?: { queue: string } }[]): string[] => [
  ...new Set(nodes.flatMap(node => (node.task ? [node.task.queue] : []))),
]

/** A Queue's spec as the table has it; `rateLimit` is a count and a unit, `100/s`. */
const fieldsOf = (document: object): QueueFields => {
  const { spec = {} } = document as { spec?: QueueSpec }
  const rate = parseRate(spec.rateLimit ?? '')
  return {
    paused: spec.paused ?? false,
    concurrency: spec.concurrency ?? null,
    rate_count: rate?.count ?? null,
    rate_ms: rate?.ms ?? null,
    topic: spec.topic ? topicOf(spec.topic) : null,
  }
}

const topicOf = ({ partitions, replication, retention }: NonNullable<QueueSpec['topic']>): QueueFields['topic'] => ({
  ...(partitions ? { partitions } : {}),
  ...(replication ? { replication } : {}),
  ...(retention ? { retentionMs: parseDuration(retention)! } : {}),
})

/** What a trigger that stays still names is not taken away: it would fire into the void. */
const checkStarters = async (
  sql: Sql,
  namespace: string,
  given: { manifest: Manifest; key: string }[],
  missing: { kind: Kind; name: string }[],
) => {
  const gone = new Set(missing.map(({ kind, name }) => `${kind}/${name}`))
  const replaced = new Set(given.map(({ key }) => key))
  const stored = (await readTriggers(sql, { namespace }))
    .map(({ kind, name, trigger }) => ({ key: `${kind}/${name}`, workflow: trigger.workflow }))
    .filter(({ key }) => !gone.has(key) && !replaced.has(key))
  const fresh = given.flatMap(({ key, manifest }) =>
    manifest.trigger ? [{ key, workflow: manifest.trigger.workflow }] : [],
  )
  const left = [...stored, ...fresh].find(({ workflow }) => gone.has(`workflow/${workflow}`))
  if (left)
    throw new TqError(
      'CONFLICT',
      `${left.key} starts workflow/${left.workflow}, which is about to be deleted; delete that too, or let it start another workflow`,
    )
}

const prune = async (
  sql: Sql,
  namespace: string,
  missing: { kind: Kind; name: string }[],
  runs: Map<string, number>,
  dryRun: boolean,
) => {
  for (const { kind, name } of missing) {
    const open = runs.get(`${kind}/${name}`)
    if (open)
      throw new TqError(
        'CONFLICT',
        `${kind}/${name} has ${open} ${open === 1 ? 'run that has' : 'runs that have'} not ended; pause what starts them (tq schedule pause NAME), wait for them or cancel them, then prune again`,
      )
    if (dryRun) continue
    await removeManifest(sql, { namespace, kind, name })
    if (kind === 'schedule') await removeSchedule(sql, { namespace, name })
  }
}
