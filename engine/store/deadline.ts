import type { HeldJob } from './job.ts'
import type { Sql } from './sql.ts'

/** What a deadline finds: the open job, whether it runs and where. */
export const openJob = async (
  sql: Sql,
  { run, n }: { run: string; n: number },
): Promise<(HeldJob & { session: number | null; phase: string; rank: number }) | null> => {
  const [row] = await sql<HeldJob & { session: number | null; phase: string; rank: number }>`
  select run, n, plan, node, base, parent, item, queue, attempt, failures, lost, pending, unmet, inner_base, total, doomed, result, session, phase, rank,
    extract(epoch from due_at)::float8 as ready
  from job where run = ${run} and n = ${n}`
  return row ?? null
}

/**
 * Decides a job from outside, because its time is over: one that is not held goes to the engine's own queue with its result,
 * one that waits for its members keeps waiting for what of them still runs. False: it moved on meanwhile.
 */
export const decideFromOutside = async (
  sql: Sql,
  { run, n, attempt, base, result }: { run: string; n: number; attempt: number; base: number; result: string },
): Promise<boolean> => {
  const rows = await sql`
  update job set result = ${result}::json, queue = 0, rank = 0, inner_base = coalesce(inner_base, ${base}::int),
    phase = case when phase = 'waiting' then phase else 'ready' end, due_at = clock_now()
  where run = ${run} and n = ${n} and attempt = ${attempt} and session is null and phase in ('ready', 'scheduled', 'waiting') and result is null
  returning n`
  return rows.length > 0
}
