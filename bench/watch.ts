import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Bench, benchEngine, type Engine, startable, startOne } from './support/engine.ts'
import { machine, type Report, type Row, summarise } from './support/measure.ts'

const entry = fileURLToPath(new URL('../cli/tq.js', import.meta.url))

const yaml = `
apiVersion: tq/v1
kind: Queue
metadata: { name: paced }
spec: { rateLimit: 2500/s }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: watched }
spec:
  inputs: { items: { type: array } }
  steps:
    - { id: each, forEach: { in: "{{ inputs.items }}" }, task: noop, queue: paced }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: hurried }
spec:
  inputs: { items: { type: array } }
  steps:
    - { id: each, forEach: { in: "{{ inputs.items }}" }, task: noop }
`

type Watched = { cpu: number; peakMb: number; postgres: number; seconds: number; startUpMs: number }

/**
 * `tq watch` of a run of so many items, over the run's whole life: the share of a core that its process takes, the most memory it ever had,
 * and the share of a core that its connections cost Postgres. Once as fast as it goes, where starting the process is most of it, and once
 * with 2,500 items a second; on a terminal, and through a pipe.
 */
export const watch = async ({ url }: Bench, { runs, size }: { runs: number; size: number }): Promise<Report> => {
  const engine = await benchEngine(url)
  const rows: Row[] = []
  for (const name of ['hurried', 'paced'])
    for (const terminal of [true, false]) {
      const found: Watched[] = []
      for (let i = 0; i < runs; i++) found.push(await watched(engine, url, { name, size, terminal }))
      const row = (what: string, unit: string, pick: (one: Watched) => number): Row => ({
        what,
        unit,
        size,
        mode: `${name}, ${terminal ? 'terminal' : 'pipe'}`,
        ...summarise(found.map(pick)),
      })
      rows.push(
        row('run', 's', one => one.seconds),
        row('cpu', '%', one => one.cpu),
        row('cpu up to first', 'ms', one => one.startUpMs),
        row('memory', 'MB', one => one.peakMb),
        row('postgres', '% of core', one => one.postgres),
      )
    }
  await engine.stop()
  return { name: 'watch', machine: machine(), rows }
}

const watched = async (
  { context }: Engine,
  url: string,
  { name, size, terminal }: { name: string; size: number; terminal: boolean },
): Promise<Watched> => {
  const what = await startable(context, yaml, name === 'paced' ? 'watched' : name)
  const items = Array.from({ length: size }, (_, i) => i)
  const [id] = await startOne(context, what, { items })
  const call = [process.execPath, '--disable-warning=ExperimentalWarning', entry, 'watch', id!]
  const [command, ...args] = terminal
    ? ['script', '-qec', `stty cols 100 rows 40; exec ${call.join(' ')}`, '/dev/null']
    : call
  const child = spawn(command!, args, {
    stdio: ['ignore', terminal ? 'pipe' : 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TERM: 'xterm',
      SHELL: '/bin/sh',
      PGAPPNAME: 'bench-watch',
      TQ_DATABASE_URL: url,
      TQ_DATABASE_SCHEMA: 'tq_bench',
    },
  })
  let begun = false
  child.stdout?.on('data', () => (begun = true))
  child.stderr?.on('data', () => (begun = true))
  const over = new Promise<number | null>(resolve => child.once('exit', resolve))
  let ended = false
  void over.then(() => (ended = true))
  let cpuMs = 0
  let startUpMs = 0
  let peakMb = 0
  const backends = new Map<number, number>()
  for (let look = 0; !ended; look++) {
    const pid = terminal ? await childOf(child.pid!) : child.pid!
    cpuMs = (await cpuOf(pid)) || cpuMs
    if (begun && startUpMs === 0) startUpMs = cpuMs
    peakMb = Math.max(peakMb, await peakOf(pid))
    if (look % 5 === 0)
      for (const row of await context.sql<{
        pid: number
      }>`select pid from pg_stat_activity where application_name = 'bench-watch'`)
        backends.set(row.pid, 0)
    for (const [backend, before] of backends) backends.set(backend, (await cpuOf(backend)) || before)
    await sleep(20)
  }
  if ((await over) !== 0) throw new Error(`tq watch ended with ${await over}`)
  const [row] = await context.sql<{
    s: number
  }>`select extract(epoch from ended_at - started_at)::float8 as s from run where id = ${id}`
  const ms = row!.s * 1000
  const postgres = [...backends.values()].reduce((sum, one) => sum + one, 0)
  return { cpu: (100 * cpuMs) / ms, startUpMs, peakMb, postgres: (100 * postgres) / ms, seconds: row!.s }
}

/** Linux alone: what a process has used of processors, ms; 0 where it is gone. */
const cpuOf = async (pid: number): Promise<number> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return text ? (Number(fields[11]) + Number(fields[12])) * 10 : 0
}
const peakOf = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024)
}
/** The process that `script` runs; itself while there is none. */
const childOf = async (pid: number): Promise<number> =>
  Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).trim().split(' ')[0]) || pid
