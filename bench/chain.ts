import { startMany } from '../engine/client.ts'
import { bareSteps } from './limit.ts'
import { type Bench, benchEngine, elapsed, startable, startOne } from './support/engine.ts'
import { inTurns, machine, ratio, type Report } from './support/measure.ts'

const chainOf = (name: string, steps: number) => `
apiVersion: tq/v1
kind: Chain
metadata: { name: ${name} }
spec:
  inputs: { n: { type: integer } }
  steps:
${'    - task: echo\n'.repeat(steps)}`

/** A chain of noop steps, each getting the output of the one before: milliseconds a step; and 100 chains of 50 at once. */
export const chain = async ({ url }: Bench, { runs, size }: { runs: number; size: number }): Promise<Report> => {
  const engine = await benchEngine(url)
  const long = await startable(engine.context, chainOf('long', size), 'long')
  const short = await startable(engine.context, chainOf('short', 50), 'short')
  await elapsed(engine.context, await startOne(engine.context, short, { n: 1 }))
  const rows = await inTurns(runs, [
    {
      row: { what: 'tq', unit: 'ms/step', size },
      run: async () => (await elapsed(engine.context, await startOne(engine.context, long, { n: 1 }))) / size,
    },
    { row: { what: 'limit', unit: 'ms/step', size }, run: async () => (await bareSteps(url, size)) / size },
    {
      row: { what: 'tq', unit: 'steps/s', mode: '100 x 50' },
      run: async () =>
        (5000 /
          (await elapsed(
            engine.context,
            await startMany(
              engine.context,
              short,
              Array.from({ length: 100 }, (_, n) => ({ n })),
            ),
          ))) *
        1000,
    },
  ])
  await engine.stop()
  return {
    name: 'chain',
    machine: machine(),
    rows,
    checks: {
      'of the limit': ratio(
        rows.filter(row => row.unit === 'ms/step'),
        'limit',
        'tq',
      ),
    },
  }
}
