import { type Bench, benchEngine, elapsed, startable, startOne } from './support/engine.ts'
import { inTurns, machine, type Report, type Row } from './support/measure.ts'

const yaml = `
apiVersion: tq/v1
kind: Chord
metadata: { name: chord }
spec:
  inputs: { items: { type: array } }
  header:
    - forEach: { in: "{{ inputs.items }}" }
      task: echo
  body: { task: echo }
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

/** A chord: N results are handed to the body as one list. Milliseconds from start to end, beside a fan-out of 1,000. */
export const chord = async ({ url }: Bench, { runs, size }: { runs: number; size: number }): Promise<Report> => {
  const engine = await benchEngine(url)
  const chord = await startable(engine.context, yaml, 'chord')
  const fan = await startable(engine.context, yaml, 'fanout')
  const items = Array.from({ length: size }, (_, i) => i)
  await elapsed(engine.context, await startOne(engine.context, fan, { items: items.slice(0, 2000) }))
  const timed = (what: typeof chord, count: number) => async () => {
    const ids = await startOne(engine.context, what, { items: items.slice(0, count) })
    const ms = await elapsed(engine.context, ids)
    if (what === chord) await checkBody(engine.context, ids[0]!, count)
    return ms
  }
  const rows: Row[] = await inTurns(runs, [
    { row: { what: 'tq', unit: 'ms', size: size / 100 }, run: timed(chord, size / 100) },
    { row: { what: 'tq', unit: 'ms', size: size / 10 }, run: timed(chord, size / 10) },
    { row: { what: 'tq', unit: 'ms', size }, run: timed(chord, size) },
    { row: { what: 'fan-out', unit: 'ms', size }, run: timed(fan, size) },
  ])
  await engine.stop()
  const of = (what: string, count: number) => rows.find(row => row.what === what && row.size === count)!.median
  return {
    name: 'chord',
    machine: machine(),
    rows,
    checks: {
      [`rate at ${size / 100} of the fan-out's`]: Number(
        (size / 100 / of('tq', size / 100) / (size / of('fan-out', size))).toPrecision(3),
      ),
      [`t(${size})/t(${size / 10})`]: Number((of('tq', size) / of('tq', size / 10)).toPrecision(3)),
    },
  }
}

/** The body got every result, in order. */
const checkBody = async (context: Parameters<typeof elapsed>[0], run: string, count: number): Promise<void> => {
  const [row] = await context.sql<{ length: number; last: number }>`
  select json_array_length(output) as length, (output ->> -1)::int as last from outcome where run = ${run} and n = 0 and final`
  if (row?.length !== count || row.last !== count - 1)
    throw new Error(`the body got ${row?.length} results, the last is ${row?.last}; expected ${count}`)
}
