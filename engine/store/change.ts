import type { Json, JsonObject } from '../model/json.ts'
import type { Kind } from '../model/kind.ts'
import { cancelBackfills } from './backfill.ts'
import { column, type Sql } from './sql.ts'

type Name = { kind: Kind; name: string }

/** What is known of what is applied, before something is compiled with it: documents are null where nobody asked for them. */
export type KnownRow = Name & { revision: number; draining: boolean; origin: string; document: Json | null }

/**
 * Everything that is applied in a namespace, by one statement, so that it belongs together.
 *
 * @param without of what documents are left out: they may be large, and what is about to be replaced need not be read
 */
export const readKnown = (
  sql: Sql,
  { namespace, without }: { namespace: string; without: Name[] },
): Promise<KnownRow[]> => sql<KnownRow>`
  with left_out as materialized (
    select kind, name from unnest(${column(without.map(one => one.kind))}::text[], ${column(without.map(one => one.name))}::text[]) as l(kind, name)
  )
  select m.kind, m.name, m.revision, m.draining, m.origin,
    case when not exists (select from left_out l where l.kind = m.kind and l.name = m.name) then r.document end as document
  from manifest m
  join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision
  where m.namespace = ${namespace} order by m.kind, m.name`

export type WrittenRow = Name & { file: string; line: number; source: string; config: JsonObject | null }

/** How the current revisions of these were written. One that was only compiled anew was written as the one before. */
export const readWritten = (
  sql: Sql,
  { namespace, names }: { namespace: string; names: Name[] },
): Promise<WrittenRow[]> => sql<WrittenRow>`
  select m.kind, m.name, w.file, w.line, w.source, w.config
  from unnest(${column(names.map(one => one.kind))}::text[], ${column(names.map(one => one.name))}::text[]) as wanted(kind, name)
  join manifest m on m.namespace = ${namespace} and m.kind = wanted.kind and m.name = wanted.name
  join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision,
  lateral (
    select file, line, source, config from revision w
    where w.namespace = r.namespace and w.kind = r.kind and w.name = r.name and w.hash = r.hash and w.source <> '' and w.revision <= r.revision
    order by w.revision desc limit 1
  ) w`

/** The documents of the current revisions of these. */
export const readDocuments = (
  sql: Sql,
  { namespace, names }: { namespace: string; names: Name[] },
): Promise<(Name & { document: Json })[]> => sql<Name & { document: Json }>`
  select m.kind, m.name, r.document
  from unnest(${column(names.map(one => one.kind))}::text[], ${column(names.map(one => one.name))}::text[]) as wanted(kind, name)
  join manifest m on m.namespace = ${namespace} and m.kind = wanted.kind and m.name = wanted.name
  join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision`

/** Which of these handlers no live worker has said that it has; null where no worker is live at all. */
export const unannounced = async (
  sql: Sql,
  { namespace, handlers }: { namespace: string; handlers: string[] },
): Promise<string[] | null> => {
  const [row] = await sql<{ live: boolean; missing: string[] }>`
  with live as materialized (
    select handlers from session where ended_at is null and lease_ends_at > clock_now() and namespace = ${namespace}
  )
  select exists (select from live) as live,
    array(
      select wanted from json_array_elements_text(${JSON.stringify(handlers)}::json) as w(wanted)
      where wanted not in (select json_array_elements_text(live.handlers) from live) order by 1
    ) as missing`
  return row!.live ? row!.missing : null
}

/** A manifest's part of a diff. */
export type ReviewPart = {
  key: string
  action: string
  /** The revision that was current, 0 where there was none. */
  from: number
  /** Hashes of what it becomes. */
  to: string
  plan: string
}

/** Keeps what a diff has shown; what is older than `keepMs` is forgotten. */
export const storeReview = async (
  sql: Sql,
  { namespace, id, parts, keepMs }: { namespace: string; id: string; parts: ReviewPart[]; keepMs: number },
): Promise<void> => {
  await sql`delete from review where made_at < clock_now() - ${keepMs}::float8 * interval '1 millisecond'`
  await sql`
  insert into review (namespace, id, parts) values (${namespace}, ${id}, ${JSON.stringify(parts)}::json)
  on conflict (namespace, id) do update set made_at = excluded.made_at`
}

export const readReview = async (
  sql: Sql,
  { namespace, id }: { namespace: string; id: string },
): Promise<{ parts: ReviewPart[]; made_at: Date } | null> => {
  const [row] = await sql<{ parts: ReviewPart[]; made_at: Date }>`
  select parts, made_at from review where namespace = ${namespace} and id = ${id}`
  return row ?? null
}

/** What starts workflows of these names, as it is compiled. */
export const readStarters = (
  sql: Sql,
  { namespace, workflows }: { namespace: string; workflows: string[] },
): Promise<(Name & { workflow: string; spec: JsonObject })[]> => sql<Name & { workflow: string; spec: JsonObject }>`
  select m.kind, m.name, p.document ->> 'workflow' as workflow, p.document -> 'spec' as spec
  from manifest m
  join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision
  join plan p on p.id = r.plan
  where m.namespace = ${namespace} and m.kind not in ('task', 'queue', 'workflow') and p.document ->> 'workflow' = any(${column(workflows)}::text[])
  order by m.kind, m.name`

/** Marks manifests as draining, or no longer so; schedules among them stop firing, or go on. */
export const setDraining = async (
  sql: Sql,
  { namespace, names, draining }: { namespace: string; names: Name[]; draining: boolean },
): Promise<void> => {
  await sql`
  update manifest m set draining = ${draining}
  from unnest(${column(names.map(one => one.kind))}::text[], ${column(names.map(one => one.name))}::text[]) as n(kind, name)
  where m.namespace = ${namespace} and m.kind = n.kind and m.name = n.name`
  const schedules = schedulesOf(names)
  if (draining) await cancelBackfills(sql, { namespace, schedules })
  await sql`update schedule set draining = ${draining} where namespace = ${namespace} and name = any(${column(schedules)}::text[])`
}

/** Takes manifests away, with the state of schedules among them and what these make up for; their revisions stay. */
export const removeManifests = async (
  sql: Sql,
  { namespace, names }: { namespace: string; names: Name[] },
): Promise<void> => {
  await sql`
  delete from manifest m using unnest(${column(names.map(one => one.kind))}::text[], ${column(names.map(one => one.name))}::text[]) as n(kind, name)
  where m.namespace = ${namespace} and m.kind = n.kind and m.name = n.name`
  const schedules = schedulesOf(names)
  // Before the schedule, in the order in which a backfill locks them.
  await cancelBackfills(sql, { namespace, schedules })
  await sql`delete from schedule where namespace = ${namespace} and name = any(${column(schedules)}::text[])`
}

const schedulesOf = (names: Name[]): string[] => names.filter(one => one.kind === 'schedule').map(one => one.name)

/** What drains: with how many open runs, and for what starts a workflow, which. */
export const readDraining = (
  sql: Sql,
  { namespace }: { namespace: string },
): Promise<(Name & { runs: number; workflow: string | null })[]> => sql<
  Name & { runs: number; workflow: string | null }
>`
  select m.kind, m.name,
    (select count(*)::int from job join run on run.id = job.run
      where job.n = 0 and run.namespace = m.namespace and run.kind = m.kind and run.name = m.name) as runs,
    case when m.kind not in ('task', 'queue', 'workflow') then (
      select p.document ->> 'workflow' from revision r join plan p on p.id = r.plan
      where r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision
    ) end as workflow
  from manifest m where m.namespace = ${namespace} and m.draining order by m.kind, m.name`
