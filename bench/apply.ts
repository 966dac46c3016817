import { parse } from 'yaml'
import { apply, compile } from '../engine/client.ts'
import { type Bench, benchEngine } from './support/engine.ts'
import { inTurns, machine, type Report } from './support/measure.ts'

const manifest = (tasks: number, name: string) => `apiVersion: tq/v1
kind: Group
metadata: { name: ${name} }
spec:
  inputs: { n: { type: integer, default: 1 } }
  steps:
${Array.from({ length: tasks }, (_, i) => `    - id: step-${i}\n      task: echo\n      with: { n: "{{ inputs.n }}", i: ${i} }\n`).join('')}`

/** One manifest of 20,000 tasks: compiled and applied, then again without a change, beside the `yaml` library's own parse of it. */
export const applyLarge = async ({ url }: Bench, { runs, size }: { runs: number; size: number }): Promise<Report> => {
  const engine = await benchEngine(url)
  let round = 0
  const applied = async (text: string) => {
    const began = performance.now()
    const { changes, diagnostics } = await apply(engine.context, {
      sources: [{ file: 'large.yaml', text }],
      handlers: ['echo'],
      origin: 'bench',
    })
    if (!changes) throw new Error(diagnostics[0]!.message)
    return { ms: performance.now() - began, action: changes.find(change => change.name.startsWith('large'))!.action }
  }
  const expect = (result: { ms: number; action: string }, action: string) => {
    if (result.action !== action) throw new Error(`it was ${result.action}, expected ${action}`)
    return result.ms
  }
  const compiledOnly = (text: string) => {
    const began = performance.now()
    compile([{ file: 'large.yaml', text }], { handlers: ['echo'], known: [] })
    return performance.now() - began
  }
  compiledOnly(manifest(100, 'small'))
  const rows = await inTurns(runs, [
    {
      row: { what: 'yaml', unit: 'ms', size },
      run: async () => {
        const text = manifest(size, `large-${round}`)
        globalThis.gc?.()
        const began = performance.now()
        parse(text)
        return performance.now() - began
      },
    },
    { row: { what: 'compile', unit: 'ms', size }, run: async () => compiledOnly(manifest(size, `large-${round}`)) },
    {
      row: { what: 'tq', unit: 'ms', size, mode: 'first' },
      run: async () => expect(await applied(manifest(size, `large-${round}`)), 'created'),
    },
    {
      row: { what: 'tq', unit: 'ms', size, mode: 'unchanged' },
      run: async () => expect(await applied(manifest(size, `large-${round++}`)), 'unchanged'),
    },
  ])
  await engine.stop()
  const of = (what: string, mode?: string) => rows.find(row => row.what === what && row.mode === mode)!.median
  return {
    name: 'apply',
    machine: machine(),
    rows,
    checks: {
      'times yaml, first': Number((of('tq', 'first') / of('yaml')).toPrecision(3)),
      'unchanged, ms beyond compiling': Number((of('tq', 'unchanged') - of('compile')).toPrecision(3)),
    },
  }
}
