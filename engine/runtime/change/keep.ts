import type { CompiledManifest } from '../../compile/index.ts'
import type { QueueSpec } from '../../../schemas/manifest.types.ts'
import { parseDuration } from '../../model/duration.ts'
import { kindOf } from '../../model/kind.ts'
import { ensureQueues, type QueueFields, storePlans, storeQueue, storeRevisions } from '../../store/manifest.ts'
import type { Sql } from '../../store/sql.ts'
import { parseRate } from '../limit.ts'
import { registerSchedules } from '../schedule/register.ts'
import { keyOf } from './change.ts'

/** Stores manifests as the current ones. @returns their new revisions, by their keys */
export const keep = async (
  sql: Sql,
  { namespace, origin, manifests }: { namespace: string; origin: string; manifests: CompiledManifest[] },
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
    revisions: manifests.map(({ kind, name, hash, document, source, sourceLine, config, file, planHash }) => ({
      kind: kindOf(kind),
      name,
      hash,
      document: JSON.stringify(document),
      source,
      file,
      line: sourceLine,
      config,
      plan: planHash ? plans.get(planHash)! : null,
    })),
  })
  await registerSchedules(sql, {
    namespace,
    triggers: manifests.flatMap(({ trigger, planHash }) =>
      trigger?.kind === 'Schedule' ? [{ trigger, plan: plans.get(planHash!)! }] : [],
    ),
  })
  return new Map(stored.map(row => [keyOf(row), row.revision]))
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
