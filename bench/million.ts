import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { type Bench, benchClient, elapsed, startable, startOne } from './support/engine.ts'
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

/** A forEach of a million items on a real `tq worker`: the most resident memory its main process ever had (VmHWM), and the rate. */
export const million = async ({ url }: Bench, { size }: { runs: number; size: number }): Promise<Report> => {
  const context = await benchClient(url)
  const what = await startable(context, yaml, 'million')
  const worker = spawn(
    process.execPath,
    [
      new URL('../cli/tq.ts', import.meta.url).pathname,
      'worker',
      '-c',
      '1',
      '--handlers',
      new URL('./handlers', import.meta.url).pathname,
    ],
    {
      env: { ...process.env, TQ_DATABASE_URL: url, TQ_DATABASE_SCHEMA: 'tq_bench' },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  await elapsed(context, await startOne(context, what, { items: [1, 2, 3] }))
  const ms = await elapsed(context, await startOne(context, what, { items: Array.from({ length: size }, (_, i) => i) }))
  const status = await readFile(`/proc/${worker.pid}/status`, 'utf8').catch(() => '')
  const peakMb = Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024)
  worker.kill('SIGTERM')
  await new Promise(resolve => worker.once('exit', resolve))
  await context.close()
  const row = (unit: string, value: number) => ({
    what: 'tq',
    unit,
    size,
    median: value,
    min: value,
    max: value,
    runs: 1,
  })
  return {
    name: 'million',
    machine: machine(),
    rows: [row('MB', peakMb), row('jobs/s', Math.round((size / ms) * 1000))],
  }
}
