import { parseArgs } from 'node:util'
import { benchPostgres } from './support/engine.ts'
import type { Report } from './support/measure.ts'
import { workloads } from './workloads.ts'

/** `npm run bench -- NAME [--json] [--runs N] [--size N]`: one workload, its physical limit and its peers, in turns. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, runs: { type: 'string' }, size: { type: 'string' } },
})
const names = positionals.length > 0 ? positionals : Object.keys(workloads)
const unknown = names.find(name => !workloads[name])
if (unknown) {
  console.error(`there is no workload "${unknown}"; there are ${Object.keys(workloads).join(', ')}`)
  process.exit(2)
}
const postgres = await benchPostgres()
try {
  for (const name of names) {
    const report = await workloads[name]!(postgres, {
      runs: Number(values.runs) || 3,
      ...(values.size ? { size: Number(values.size) } : {}),
    })
    if (values.json) console.log(JSON.stringify(report, null, 2))
    else show(report)
  }
} finally {
  await postgres.stop()
}
process.exit(0)

function show({ name, machine, rows, checks }: Report) {
  console.log(`${name}   ${machine}`)
  for (const row of rows)
    console.log(
      `  ${row.what.padEnd(18)}${String(row.size ?? row.mode ?? '').padEnd(10)}${String(row.median).padStart(10)} ${row.unit.padEnd(10)} (${row.min} … ${row.max}, ${row.runs} runs)${row.note ? `  ${row.note}` : ''}`,
    )
  if (checks) console.log(`  ${JSON.stringify(checks)}`)
}
