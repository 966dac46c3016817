import { column, lines, type Sql } from './sql.ts'

/** The database's time, ms since 1970. */
export const readClock = async (sql: Sql): Promise<number> => {
  const [row] = await sql<{ now: number }>`select (extract(epoch from clock_now()) * 1000)::float8 as now`
  return row!.now
}

/**
 * Takes up to `wanted` tokens out of a hook's bucket, which fills by `count` in `ms` and holds no more. Every server takes from
 * the same row, so that the limit is the hook's and not a server's.
 *
 * @returns how many it got, and when there will be one more
 */
export const takeTokens = (
  sql: Sql,
  {
    namespace,
    name,
    count,
    ms,
    wanted,
  }: { namespace: string; name: string; count: number; ms: number; wanted: number },
): Promise<{ granted: number; retryAfterMs: number }> =>
  sql.begin(async inner => {
    await inner`
    insert into hook_bucket (namespace, name, tokens, tokens_at) values (${namespace}, ${name}, ${count}, clock_now())
    on conflict do nothing`
    const [row] = await inner<{ granted: number; left: number }>`
    with held as materialized (
      select least(${count}::float8, tokens + greatest(0, extract(epoch from clock_now() - tokens_at)) * 1000 * ${count}::float8 / ${ms}::float8) as tokens
      from hook_bucket where namespace = ${namespace} and name = ${name} for update
    )
    update hook_bucket set tokens = held.tokens - least(${wanted}::int, floor(held.tokens)), tokens_at = greatest(tokens_at, clock_now())
    from held where hook_bucket.namespace = ${namespace} and hook_bucket.name = ${name}
    returning least(${wanted}::int, floor(held.tokens))::int as granted, (held.tokens - least(${wanted}::int, floor(held.tokens)))::float8 as left`
    return { granted: row!.granted, retryAfterMs: Math.max(0, ((1 - row!.left) * ms) / count) }
  })

export type Rejections = { hook: string; reason: string; requests: number; path: string; detail: string | null }

/** Adds what was rejected to the counts of this minute. */
export const addRejections = (
  sql: Sql,
  { namespace, rejections }: { namespace: string; rejections: Rejections[] },
) => sql`
  insert into hook_rejection (namespace, hook, reason, minute, requests, path, detail, last_at)
  select ${namespace}, hook #>> '{}', reason, date_trunc('minute', clock_now()), requests, path #>> '{}', detail #>> '{}', clock_now()
  from unnest(
    string_to_array(${lines(rejections.map(r => JSON.stringify(r.hook)))}, E'\n', '')::json[], ${column(rejections.map(r => r.reason))}::text[],
    ${column(rejections.map(r => r.requests))}::bigint[],
    string_to_array(${lines(rejections.map(r => JSON.stringify(r.path)))}, E'\n', '')::json[],
    string_to_array(${lines(rejections.map(r => JSON.stringify(r.detail)))}, E'\n', '')::json[]
  ) as r(hook, reason, requests, path, detail)
  order by hook #>> '{}', reason
  on conflict (namespace, hook, reason, minute) do update
  set requests = hook_rejection.requests + excluded.requests, path = excluded.path, detail = excluded.detail, last_at = excluded.last_at`

export type RejectionRow = Rejections & { minute: Date; last_at: Date }

/** Newest first. */
export const listRejections = (
  sql: Sql,
  { namespace, hook, limit }: { namespace: string; hook?: string; limit: number },
): Promise<RejectionRow[]> => sql<RejectionRow>`
  select hook, reason, requests::int as requests, path, detail, minute, last_at from hook_rejection
  where namespace = ${namespace} and (${hook ?? null}::text is null or hook = ${hook ?? null})
  order by minute desc, last_at desc limit ${limit}`

/** Forgets old rejections, and keys whose time has passed and whose run has ended. */
export const tidyHooks = async (sql: Sql, { keepMs }: { keepMs: number }): Promise<void> => {
  await sql`delete from hook_rejection where minute < clock_now() - ${keepMs}::float8 * interval '1 millisecond'`
  await sql`
  delete from idempotency where expires_at < clock_now()
    and not exists (select from run where run.id = idempotency.run and run.ended_at is null)`
}
