import type { Sql } from './sql.ts'

/**
 * Sets a test database's clock to so many ms before or after the real one. Leases move by `byMs` with it: the workers that hold
 * them have not slept.
 */
export const setClock = async (sql: Sql, { offsetMs, byMs }: { offsetMs: number; byMs: number }): Promise<void> =>
  sql.script(`
  create or replace function clock_now() returns timestamptz language sql stable as 'select now() + interval ''${Number(offsetMs)} milliseconds''';
  update session set lease_ends_at = lease_ends_at + interval '${Number(byMs)} milliseconds' where ended_at is null`)

/** ms until something happens by itself, where nothing happens now: the next scheduled job or deadline. Null: something does, or nothing will. */
export const idleMs = async (sql: Sql): Promise<number | null> => {
  const [row] = await sql<{ ms: number | null }>`
  select case when not exists (select from job where phase = 'ready') then
    ceil(extract(epoch from least(
      (select due_at from job where phase = 'scheduled' order by due_at limit 1),
      (select at from alarm order by at limit 1)
    ) - clock_now())::float8 * 1000) end as ms`
  return row!.ms
}
