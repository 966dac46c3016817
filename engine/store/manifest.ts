import type { Json, JsonObject } from '../model/json.ts'
import type { Kind } from '../model/kind.ts'
import { column, lines, type Sql } from './sql.ts'

export type ManifestRow = {
  kind: Kind
  name: string
  revision: number
  hash: string
  plan: number | null
  plan_hash: string | null
  origin: string
  file: string
  document: Json
  applied_at: Date
  /** It is deleted when its last run has ended. */
  draining: boolean
}

/** What is applied in a namespace, the current revision of each. */
export const readManifests = (
  sql: Sql,
  { namespace }: { namespace: string },
): Promise<ManifestRow[]> => sql<ManifestRow>`
  select m.kind, m.name, m.revision, r.hash, r.plan, p.hash as plan_hash, m.origin, r.file, r.document, r.applied_at, m.draining
  from manifest m
  join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision
  left join plan p on p.id = r.plan
  where m.namespace = ${namespace} order by m.kind, m.name`

/** Only what there is. */
export const readNames = (sql: Sql, { namespace }: { namespace: string }): Promise<{ kind: Kind; name: string }[]> =>
  sql<{ kind: Kind; name: string }>`select kind, name from manifest where namespace = ${namespace} order by kind, name`

export type AppliedRow = Omit<ManifestRow, 'document'>

/** The same without the documents: enough to see what would change. */
export const readApplied = (sql: Sql, { namespace }: { namespace: string }): Promise<AppliedRow[]> => sql<AppliedRow>`
  select m.kind, m.name, m.revision, r.hash, r.plan, p.hash as plan_hash, m.origin, r.file, r.applied_at, m.draining
  from manifest m
  join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision
  left join plan p on p.id = r.plan
  where m.namespace = ${namespace} order by m.kind, m.name`

export const readManifest = async (
  sql: Sql,
  { namespace, kind, name }: { namespace: string; kind: Kind; name: string },
): Promise<(ManifestRow & { source: string }) | null> => {
  const [row] = await sql<ManifestRow & { source: string }>`
  select m.kind, m.name, m.revision, r.hash, r.plan, p.hash as plan_hash, m.origin, r.file, r.document, r.applied_at, m.draining, r.source
  from manifest m
  join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision
  left join plan p on p.id = r.plan
  where m.namespace = ${namespace} and m.kind = ${kind} and m.name = ${name}`
  return row ?? null
}

/** Serialises applies of a namespace until the transaction ends. */
export const lockApply = (sql: Sql, namespace: string) =>
  sql`select pg_advisory_xact_lock(29811, hashtext(${namespace}))`

/** Stores plans unless one with this hash is there; gives their ids by hash. */
export const storePlans = async (
  sql: Sql,
  plans: { hash: string; document: string }[],
): Promise<Map<string, number>> => {
  const rows = await sql<{ id: number; hash: string }>`
  with given as materialized (
    select * from unnest(${column(plans.map(p => p.hash))}::text[], string_to_array(${lines(plans.map(p => p.document))}, E'\n', '')) as g(hash, document)
  ),
  added as (
    insert into plan (hash, document) select hash, document::json from given on conflict (hash) do nothing returning id, hash
  )
  select id, hash from added union all select plan.id, plan.hash from plan where hash = any(${column(plans.map(p => p.hash))}::text[])`
  return new Map(rows.map(row => [row.hash, row.id]))
}

export type NewRevision = {
  kind: Kind
  name: string
  hash: string
  document: string
  source: string
  file: string
  line: number
  config: JsonObject | null
  plan: number | null
}

/** Adds revisions and makes them the current ones. One without a source was only compiled anew: it is still from where it was. */
export const storeRevisions = async (
  sql: Sql,
  { namespace, origin, revisions }: { namespace: string; origin: string; revisions: NewRevision[] },
): Promise<{ kind: Kind; name: string; revision: number }[]> => sql<{ kind: Kind; name: string; revision: number }>`
  with given as materialized (
    select kind, name, hash, document, source #>> '{}' as source, file #>> '{}' as file, line, config, plan
    from unnest(
      ${column(revisions.map(r => r.kind))}::text[], ${column(revisions.map(r => r.name))}::text[], ${column(revisions.map(r => r.hash))}::text[],
      string_to_array(${lines(revisions.map(r => r.document))}, E'\n', '')::json[],
      string_to_array(${lines(revisions.map(r => JSON.stringify(r.source)))}, E'\n', '')::json[],
      string_to_array(${lines(revisions.map(r => JSON.stringify(r.file)))}, E'\n', '')::json[],
      ${column(revisions.map(r => r.line))}::int[],
      string_to_array(${lines(revisions.map(r => r.config && JSON.stringify(r.config)))}, E'\n', '')::json[],
      ${column(revisions.map(r => r.plan))}::int[]
    ) as g(kind, name, hash, document, source, file, line, config, plan)
  ),
  added as (
    insert into revision (namespace, kind, name, revision, hash, document, source, file, line, config, plan)
    select ${namespace}, kind, name,
      (select coalesce(max(r.revision), 0) + 1 from revision r where r.namespace = ${namespace} and r.kind = given.kind and r.name = given.name),
      hash, document, source,
      case when source <> '' then file else coalesce((
        select r.file from manifest m join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision
        where m.namespace = ${namespace} and m.kind = given.kind and m.name = given.name
      ), file) end,
      line, config, plan
    from given
    returning kind, name, revision, source
  )
  insert into manifest (namespace, kind, name, revision, origin)
  select ${namespace}, kind, name, revision,
    case when source = '' then (select m.origin from manifest m where m.namespace = ${namespace} and m.kind = added.kind and m.name = added.name) else ${origin} end
  from added
  on conflict (namespace, kind, name) do update set revision = excluded.revision, origin = excluded.origin
  returning kind, name, revision`

export const readPlan = async (sql: Sql, id: number): Promise<Json | null> => {
  const [row] = await sql<{ document: Json }>`select document from plan where id = ${id}`
  return row?.document ?? null
}

/** Several at once: plans, or triggers as compiled. */
export const readPlans = (sql: Sql, ids: number[]): Promise<{ id: number; document: Json }[]> =>
  sql<{ id: number; document: Json }>`select id, document from plan where id = any(${column(ids)}::int[])`

/** How many runs have not ended, by kind, name and revision, newest first: those whose root still has a job. */
export const openRuns = (
  sql: Sql,
  { namespace }: { namespace: string },
): Promise<{ kind: Kind; name: string; revision: number; runs: number }[]> =>
  sql<{ kind: Kind; name: string; revision: number; runs: number }>`
  select run.kind, run.name, run.revision, count(*)::int as runs from job join run on run.id = job.run
  where job.n = 0 and run.namespace = ${namespace} group by run.kind, run.name, run.revision order by run.revision desc`

export type QueueFields = {
  paused: boolean
  concurrency: number | null
  rate_count: number | null
  rate_ms: number | null
  /** How its messages are kept, where a broker has topics; null: its defaults. */
  topic: { partitions?: number; replication?: number; retentionMs?: number } | null
}
export type QueueRow = QueueFields & { id: number; name: string }

/** Queues of a namespace, the engine's own (id 0) included. */
export const readQueues = (sql: Sql, { namespace }: { namespace: string }): Promise<QueueRow[]> => sql<QueueRow>`
  select id, name, paused, concurrency, rate_count, rate_ms, topic from queue where namespace = ${namespace} or id = 0 order by id`

/** Makes queues that are not there; those that are keep their fields. */
export const ensureQueues = (sql: Sql, { namespace, names }: { namespace: string; names: string[] }) => sql`
  insert into queue (namespace, name) select ${namespace}, name from unnest(${column(names)}::text[]) as q(name)
  on conflict (namespace, name) do nothing`

/** Sets the live fields of a queue. */
export const storeQueue = (
  sql: Sql,
  { namespace, name, fields }: { namespace: string; name: string; fields: QueueFields },
) => sql`
  insert into queue (namespace, name, paused, concurrency, rate_count, rate_ms, topic)
  values (${namespace}, ${name}, ${fields.paused}, ${fields.concurrency}, ${fields.rate_count}, ${fields.rate_ms}, ${fields.topic && JSON.stringify(fields.topic)}::json)
  on conflict (namespace, name) do update set paused = excluded.paused, concurrency = excluded.concurrency,
    rate_count = excluded.rate_count, rate_ms = excluded.rate_ms, topic = excluded.topic`

/** Changes a queue's rate limit; nulls: it has none. False: there is no such queue. */
export const limitRate = async (
  sql: Sql,
  { namespace, name, count, ms }: { namespace: string; name: string; count: number | null; ms: number | null },
): Promise<boolean> => {
  const rows = await sql`
  update queue set rate_count = ${count}, rate_ms = ${ms}, tokens = null, tokens_at = null
  where namespace = ${namespace} and name = ${name} returning id`
  return rows.length > 0
}
