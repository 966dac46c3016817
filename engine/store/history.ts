import type { Json, JsonObject } from '../model/json.ts'
import type { Kind } from '../model/kind.ts'
import type { Sql } from './sql.ts'

export type Revision = {
  revision: number
  current: boolean
  hash: string
  file: string
  applied_at: Date
  /** That have not ended and stay on it. */
  runs: number
}

/** Every revision of a manifest that was ever applied, newest first. */
export const readRevisions = (
  sql: Sql,
  { namespace, kind, name }: { namespace: string; kind: Kind; name: string },
): Promise<Revision[]> => sql<Revision>`
  select r.revision, coalesce(r.revision = m.revision, false) as current, r.hash, r.file, r.applied_at, coalesce(open.runs, 0)::int as runs
  from revision r
  left join manifest m on m.namespace = r.namespace and m.kind = r.kind and m.name = r.name
  left join (
    select run.revision, count(*) as runs from job join run on run.id = job.run
    where job.n = 0 and run.namespace = ${namespace} and run.kind = ${kind} and run.name = ${name} group by run.revision
  ) open on open.revision = r.revision
  where r.namespace = ${namespace} and r.kind = ${kind} and r.name = ${name} order by r.revision desc`

export type StoredRevision = {
  document: Json
  source: string
  file: string
  line: number
  /** The values of `config` that went into it. */
  config: JsonObject | null
}

/**
 * A revision's document, and as it was written. A revision that came of an apply of something it uses has no text of its own:
 * its document is an older one's, and so is its text.
 */
export const readRevision = async (
  sql: Sql,
  { namespace, kind, name, revision }: { namespace: string; kind: Kind; name: string; revision: number },
): Promise<StoredRevision | null> => {
  const [row] = await sql<StoredRevision>`
  select r.document, r.file, coalesce(written.source, '') as source, coalesce(written.line, 1) as line, written.config
  from revision r left join lateral (
    select source, line, config from revision w
    where w.namespace = r.namespace and w.kind = r.kind and w.name = r.name and w.hash = r.hash and w.source <> '' and w.revision <= r.revision
    order by w.revision desc limit 1
  ) written on true
  where r.namespace = ${namespace} and r.kind = ${kind} and r.name = ${name} and r.revision = ${revision}`
  return row ?? null
}

/** The kinds of which something was ever applied under this name. */
export const kindsOf = async (sql: Sql, { namespace, name }: { namespace: string; name: string }): Promise<Kind[]> => {
  const rows = await sql<{
    kind: Kind
  }>`select distinct kind from revision where namespace = ${namespace} and name = ${name} order by kind desc`
  return rows.map(row => row.kind)
}
