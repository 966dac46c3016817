import { startMany } from '../engine/client.ts'
import { celeryRate } from './peers/celery.ts'
import { pgBossOneByOne } from './peers/pgboss.ts'
import { type Bench, benchEngine, elapsed, startable, startOne } from './support/engine.ts'
import { inTurns, machine, ratio, type Report } from './support/measure.ts'

const yaml = `
apiVersion: tq/v1
kind: Task
metadata: { name: one }
spec: { handler: echo }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: fanout }
spec:
  inputs: { items: { type: array } }
  steps:
    - forEach: { in: "{{ inputs.items }}" }
      task: echo
`

/** Runs of a single Task, started 1,000, 100 and 1 at a time, from the first start's commit to the last end's; beside a fan-out of as many. */
export const runsOfOneTask = async (
  { url }: Bench,
  { runs, size }: { runs: number; size: number },
): Promise<Report> => {
  const rate = (count: number, ms: number) => (count / ms) * 1000
  const engine = await benchEngine(url)
  const fan = await startable(engine.context, yaml, 'fanout')
  const one = await startable(engine.context, yaml, 'one')
  await elapsed(engine.context, await startOne(engine.context, fan, { items: [1, 2, 3] }))
  const started = (count: number, batch: number) => async () => {
    const ids: string[] = []
    for (let i = 0; i < count; i += batch)
      ids.push(
        ...(await startMany(
          engine.context,
          one,
          Array.from({ length: Math.min(batch, count - i) }, (_, k) => i + k),
        )),
      )
    return rate(count, await elapsed(engine.context, ids))
  }
  const few = Math.max(1000, size / 20)
  const rows = await inTurns(runs, [
    { row: { what: 'tq', unit: 'runs/s', mode: '1000', size }, run: started(size, 1000) },
    { row: { what: 'tq', unit: 'runs/s', mode: '100', size }, run: started(size, 100) },
    { row: { what: 'tq', unit: 'runs/s', mode: '1', size: few }, run: started(few, 1) },
    {
      row: { what: 'fanout', unit: 'jobs/s', size },
      run: async () =>
        rate(
          size,
          await elapsed(
            engine.context,
            await startOne(engine.context, fan, { items: Array.from({ length: size }, (_, i) => i) }),
          ),
        ),
    },
    { row: { what: 'pg-boss send', unit: 'jobs/s', mode: '1', size: few }, run: () => pgBossOneByOne(url, few) },
  ])
  await engine.stop()
  const rival = await celeryRate(Math.min(size, 5000))
  if (rival) rows.push({ ...rival, unit: 'runs/s', mode: 'delay()' })
  return {
    name: 'runs',
    machine: machine(),
    rows,
    checks: {
      'of fan-out at 1000': ratio(
        rows.filter(row => row.mode === '1000' || row.what === 'fanout'),
        'tq',
        'fanout',
      ),
    },
  }
}
