import type { Context } from '../engine/client.ts'
import { bareLoop } from './limit.ts'
import { graphileWorker } from './peers/graphile.ts'
import { pgBoss } from './peers/pgboss.ts'
import { celeryRate } from './peers/celery.ts'
import { type Bench, benchEngine, elapsed, startable, startOne } from './support/engine.ts'
import { inTurns, ratio, type Report, machine } from './support/measure.ts'

const yaml = `
apiVersion: tq/v1
kind: Chain
metadata: { name: fanout }
spec:
  inputs: { items: { type: array } }
  steps:
    - id: each
      forEach: { in: "{{ inputs.items }}" }
      task: echo
`

/** Noop fan-out: one run, a forEach over N items, every result stored. Peers: add N jobs and drain them. */
export const fanout = async ({ url }: Bench, { runs, size }: { runs: number; size: number }): Promise<Report> => {
  const items = Array.from({ length: size }, (_, i) => i)
  const checks: Record<string, unknown> = {}
  const rate = (ms: number) => (size / ms) * 1000
  const rows = await inTurns(runs, [
    {
      row: { what: 'tq', unit: 'jobs/s', size },
      run: async () => {
        const engine = await benchEngine(url)
        const what = await startable(engine.context, yaml, 'fanout')
        await elapsed(engine.context, await startOne(engine.context, what, { items: items.slice(0, 2000) }))
        const ids = await startOne(engine.context, what, { items })
        const ms = await elapsed(engine.context, ids)
        checks.results = await recount(engine.context, ids[0]!, size)
        await engine.stop()
        return rate(ms)
      },
    },
    {
      row: { what: 'limit', unit: 'jobs/s', size },
      run: async () => rate(await bareLoop(url, { jobs: size, batch: 500 })),
    },
    { row: { what: 'graphile-worker', unit: 'jobs/s', size }, run: async () => rate(await graphileWorker(url, size)) },
    { row: { what: 'pg-boss', unit: 'jobs/s', size }, run: async () => rate(await pgBoss(url, size)) },
  ])
  const rival = await celeryRate(Math.min(size, 5000))
  if (rival) rows.push(rival)
  checks.ratios = {
    limit: ratio(rows, 'tq', 'limit'),
    'graphile-worker': ratio(rows, 'tq', 'graphile-worker'),
    'pg-boss': ratio(rows, 'tq', 'pg-boss'),
    ...(rival ? { celery: ratio(rows, 'tq', 'celery') } : {}),
  }
  return { name: 'fanout', machine: machine(), rows, checks }
}

/** Counts the stored results by SQL: how many, how many distinct jobs, and their sum, beside what they must be. */
const recount = async (context: Context, run: string, size: number) => {
  const [row] = await context.sql<{ stored: number; jobs: number; sum: number }>`
  select count(*)::int as stored, count(distinct n)::int as jobs, sum((output #>> '{}')::bigint)::float8 as sum
  from outcome where run = ${run} and item is not null and state = 'succeeded' and final`
  const expected = { stored: size, jobs: size, sum: (size * (size - 1)) / 2 }
  if (JSON.stringify(row) !== JSON.stringify(expected))
    throw new Error(`stored results are wrong: ${JSON.stringify(row)}, expected ${JSON.stringify(expected)}`)
  return { ...row, expected: 'the same' }
}
