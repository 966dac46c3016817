import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Sql } from '../../engine/store/sql.ts'
import type { World } from './world.ts'

/** What a fault did, counted in the database afterwards. */
export type Report = {
  runs: number
  /** Runs that succeeded with the output they should have. */
  runsRight: number
  /** Jobs that were ended more than once. */
  twice: number
  /** Runs that never ended, and jobs that their run's end left behind. */
  lost: number
  /** The worst delay that the fault caused, beside what it may be. */
  worstMs: number
  boundMs: number
  /** What else went wrong. */
  wrong?: string
}

export type Expected = { id: string; output: unknown }

/** Waits for the runs, for as long as one may wait, and counts. */
export const countUp = async (
  { engine }: Pick<World, 'engine'>,
  expected: Expected[],
): Promise<Omit<Report, 'worstMs' | 'boundMs'>> => {
  const ids = expected.map(run => run.id)
  const { sql } = engine
  await ended({ engine }, expected)
  const outputs = new Map(
    (
      await sql<{ id: string; output: unknown }>`
      select id, output from run join outcome on outcome.run = run.id and n = 0 and final
      where id = any(${array(ids)}::uuid[]) and run.state = 'succeeded'`
    ).map(row => [row.id, row.output]),
  )
  const [row] = await sql<{ twice: number; left: number }>`
  select
    (select count(*) from (select from outcome where final group by run, n having count(*) > 1) doubled)::int as twice,
    (select count(*) from job join run on run.id = job.run where run.ended_at is not null)::int as left`
  return {
    runs: expected.length,
    runsRight: expected.filter(({ id, output }) => outputs.has(id) && isDeepStrictEqual(outputs.get(id), output))
      .length,
    twice: row!.twice,
    lost: row!.left + (await openRuns(sql, ids)),
  }
}

/** Resolves when the runs have ended, or when they have had a minute and a half. */
export const ended = async ({ engine: { sql } }: Pick<World, 'engine'>, runs: Expected[]): Promise<void> => {
  const ids = runs.map(run => run.id)
  for (const deadline = performance.now() + 90_000; performance.now() < deadline; await sleep(50))
    if ((await openRuns(sql, ids)) === 0) return
}

export const isMiss = ({ runs, runsRight, twice, lost, worstMs, boundMs, wrong }: Report): boolean =>
  runs === 0 || runsRight !== runs || twice > 0 || lost > 0 || worstMs > boundMs || wrong !== undefined

/** The report of a fault that could not even be done. */
export const failed = (error: Error): Report => ({
  ...{ runs: 0, runsRight: 0, twice: 0, lost: 0, worstMs: 0, boundMs: 0 },
  wrong: error.stack ?? error.message,
})

/** A line of the table. */
export const describe = (name: string, { runs, runsRight, twice, lost, worstMs, boundMs, wrong }: Report): string =>
  line(name, [`${runsRight} of ${runs}`, twice, lost, `${Math.round(worstMs)} ms`, `${Math.round(boundMs)} ms`]) +
  (wrong ? `  ${wrong}` : '')

const line = (name: string, cells: (string | number)[]): string =>
  name.padEnd(26) + cells.map((cell, i) => String(cell).padStart(widths[i]!)).join('')
const widths = [14, 8, 6, 12, 12]
export const header = line('fault', ['runs right', 'twice', 'lost', 'worst delay', 'bound'])

/** The longest that a job of these runs waited for its start once it was ready, ms; waiting before `since` is not counted. */
export const longestWaitMs = async ({ engine: { sql } }: World, runs: Expected[], since?: Date): Promise<number> => {
  const [row] = await sql<{ ms: number }>`
  select coalesce(max(extract(epoch from started_at - greatest(ready_at, ${since ?? null}::timestamptz))) * 1000, 0)::float8 as ms
  from outcome where run = any(${array(runs.map(run => run.id))}::uuid[]) and final and ready_at is not null and started_at is not null`
  return row!.ms
}

/** The longest time between two ends of jobs of a run, ms. */
export const longestPauseMs = async ({ engine: { sql } }: World, run: Expected): Promise<number> => {
  const [row] = await sql<{ ms: number }>`
  select max(extract(epoch from pause) * 1000)::float8 as ms
  from (select ended_at - lag(ended_at) over (order by ended_at) as pause from outcome where run = ${run.id} and final) as ends`
  return row!.ms
}

/** Now, by the engine's clock. */
export const now = async ({ engine: { sql } }: Pick<World, 'engine'>): Promise<Date> =>
  (await sql<{ now: Date }>`select clock_now() as now`)[0]!.now

const openRuns = async (sql: Sql, ids: string[]): Promise<number> =>
  (
    await sql<{
      open: number
    }>`select count(*)::int as open from run where id = any(${array(ids)}::uuid[]) and ended_at is null`
  )[0]!.open

const array = (ids: string[]): string => `{${ids.join(',')}}`
