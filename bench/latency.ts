import { prepareStart, startMany } from '../engine/client.ts'
import { bareTrips } from './limit.ts'
import { type Bench, benchEngine, elapsed, startable } from './support/engine.ts'
import { machine, type Report, type Row } from './support/measure.ts'

const yaml = `
apiVersion: tq/v1
kind: Task
metadata: { name: stamp }
spec: { handler: stamp }
`

/** Idle trigger to handler start: from just before the start is sent to the first line of the handler; p50 and p99, beside the bare trip. */
export const latency = async ({ url }: Bench, { runs, size }: { runs: number; size: number }): Promise<Report> => {
  const engine = await benchEngine(url)
  await startable(engine.context, yaml, 'stamp')
  const stamp = await prepareStart(engine.context, { name: 'stamp', trigger: 'bench' })
  const rows: Row[] = []
  const tq: number[] = []
  const bare: number[] = []
  for (let round = 0; round < runs; round++) {
    for (let i = 0; i < size; i++) {
      const sent = (performance.timeOrigin + performance.now()) * 1000
      const [id] = await startMany(engine.context, stamp, [null])
      await elapsed(engine.context, [id!])
      const [row] = await engine.context.sql<{
        us: number
      }>`select (output #>> '{}')::float8 as us from outcome where run = ${id} and n = 0`
      tq.push((row!.us - sent) / 1000)
    }
    bare.push(...(await bareTrips(url, size)))
  }
  const before = process.cpuUsage()
  const asked = performance.now()
  await new Promise(resolve => setTimeout(resolve, 5000))
  const cpu = process.cpuUsage(before)
  await engine.stop()
  for (const [what, values] of [
    ['tq', tq],
    ['limit', bare],
  ] as const) {
    const sorted = values.toSorted((a, b) => a - b)
    const at = (share: number) =>
      Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toPrecision(4))
    for (const [mode, median] of [
      ['p50', at(0.5)],
      ['p99', at(0.99)],
    ] as const)
      rows.push({ what, unit: 'ms', mode, median, min: at(0), max: at(1), runs: values.length })
  }
  const idle = Number((((cpu.user + cpu.system) / 1000 / (performance.now() - asked)) * 100).toPrecision(3))
  const p50 = (what: string) => rows.find(row => row.what === what && row.mode === 'p50')!.median
  return {
    name: 'latency',
    machine: machine(),
    rows,
    checks: {
      'times the bare trip, p50': Number((p50('tq') / p50('limit')).toPrecision(3)),
      'idle worker, % of a core': idle,
    },
  }
}
