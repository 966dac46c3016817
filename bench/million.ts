import { type Bench, benchEngine, elapsed, startable, startOne } from './support/engine.ts'
import { machine, type Report } from './support/measure.ts'

const yaml = `
apiVersion: tq/v1
kind: Chain
metadata: { name: million }
spec:
  inputs: { items: { type: array } }
  steps:
    - forEach: { in: "{{ inputs.items }}" }
      task: noop
    - task: noop
      with: {}
`

/** A forEach of a million items: the most resident memory of the worker's main process, sampled every 50 ms, and its rate. */
export const million = async ({ url }: Bench, { size }: { runs: number; size: number }): Promise<Report> => {
  const engine = await benchEngine(url)
  const what = await startable(engine.context, yaml, 'million')
  await elapsed(engine.context, await startOne(engine.context, what, { items: [1, 2, 3] }))
  const ids = await startOne(engine.context, what, { items: Array.from({ length: size }, (_, i) => i) })
  globalThis.gc?.()
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 50)
  const ms = await elapsed(engine.context, ids)
  clearInterval(timer)
  await engine.stop()
  const row = (unit: string, value: number) => ({ what: 'tq', unit, size, median: value, min: value, max: value, runs: 1 })
  return { name: 'million', machine: machine(), rows: [row('MB', Math.round(peak / 2 ** 20)), row('jobs/s', Math.round((size / ms) * 1000))] }
}
