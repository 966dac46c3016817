import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Bench, benchClient } from './support/engine.ts'
import { inTurns, machine, type Report } from './support/measure.ts'

const entry = fileURLToPath(new URL('../cli/tq.js', import.meta.url))

/** How long a command takes, from its start to its end, in a process of its own: with so many outcomes stored, in runs of a thousand. */
export const cli = async ({ url }: Bench, { runs, size }: { runs: number; size: number }): Promise<Report> => {
  const context = await benchClient(url)
  await fill(context.sql, Math.ceil(size / 1000))
  await context.close()
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, TQ_DATABASE_URL: url, TQ_DATABASE_SCHEMA: 'tq_bench' }
  const run = async (line: string): Promise<number> => {
    const begun = performance.now()
    const { status, stderr } = spawnSync(process.execPath, [entry, ...line.split(' ')], { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`tq ${line} ended with ${status}: ${stderr}`)
    return performance.now() - begun
  }
  const lines = ['--help', 'get runs', 'get runs --state failed', 'get workers', 'describe run @latest']
  for (const line of lines) await run(line) // compiled once, as it is for everybody who has called it before
  const node = async () => {
    const begun = performance.now()
    spawnSync(process.execPath, ['-e', '0'], { env })
    return performance.now() - begun
  }
  const rows = await inTurns(runs, [
    { row: { what: 'node alone', unit: 'ms' }, run: node },
    ...lines.map(line => ({ row: { what: `tq ${line}`, unit: 'ms', size }, run: () => run(line) })),
  ])
  return { name: 'cli', machine: machine(), rows }
}

/** Runs that have ended, of 1,000 outcomes each; every tenth has failed. */
const fill = async (sql: Awaited<ReturnType<typeof benchClient>>['sql'], runs: number): Promise<void> => {
  const plan = JSON.stringify({
    name: 'filled',
    kind: 'Chain',
    inputs: {},
    nodes: [
      { kind: 'chain', path: '', parent: -1, end: 1, role: 'member', needs: 0, tells: true, input: { from: 'inputs' } },
    ],
  })
  await sql`insert into plan (hash, document) values ('filled', ${plan}::json)`
  await sql`
  insert into run (id, namespace, kind, name, revision, plan, state, input, trigger, next_n, started_at, ended_at)
  select ('019b0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'default', 'workflow', 'filled', 1, (select id from plan where hash = 'filled'),
    (case when i % 10 = 0 then 'failed' else 'succeeded' end)::run_state, '{}', 'bench', 1000, clock_now(), clock_now()
  from generate_series(1, ${runs}::int) i`
  await sql`
  insert into outcome (run, n, attempt, tries, node, state, final, ended_at, output)
  select run.id, n, 1, 1, 0, 'succeeded', true, clock_now(), '{"done":true}' from run, generate_series(0, 999) n`
  await sql.script('analyze')
}
