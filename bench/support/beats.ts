import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { apply, type Context } from '../../engine/client.ts'

/** What came of schedules that beats fired: lateness in ms, from the fire time to the begin of the transaction that starts the run. */
export type Fired = { runs: number; distinct: number; p50: number; p99: number; max: number; kills: number }

const tq = fileURLToPath(new URL('../../cli/tq.ts', import.meta.url))

/** `tq beat` as a process of its own, when it is ready. */
export const startBeat = async (url: string, schema: string): Promise<ChildProcess> => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', tq, 'beat', '-o', 'json'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TQ_DATABASE_URL: url, TQ_DATABASE_SCHEMA: schema },
  })
  for await (const line of createInterface({ input: child.stderr! })) if (line.includes('"ready"')) return child
  throw new Error('a beat ended before it was ready')
}

const target = 'apiVersion: tq/v1\nkind: Chain\nmetadata: { name: tick }\nspec: { steps: [{ task: noop }] }\n'

/** Applies a workflow and schedules that start it: `spec` says when. */
export const applySchedules = async (context: Context, count: number, spec: (i: number) => string): Promise<void> => {
  const texts = Array.from(
    { length: count },
    (_, i) => `apiVersion: tq/v1\nkind: Schedule\nmetadata: { name: s-${i} }\nspec: { workflow: tick, ${spec(i)} }\n`,
  )
  const { changes, diagnostics } = await apply(context, {
    sources: [{ file: 'beats.yaml', text: [target, ...texts].join('---\n') }],
    handlers: ['noop'],
    origin: 'bench',
  })
  if (!changes) throw new Error(diagnostics[0]!.message)
}

/**
 * Beats in processes of their own fire schedules of one second; every so often one of them is killed (SIGKILL), or stopped
 * for a while (SIGSTOP) instead, and another is started in its place.
 *
 * @returns what was fired when the last fire time has passed
 */
export const killBeats = async (
  context: Context,
  options: {
    url: string
    schema: string
    beats: number
    schedules: number
    seconds: number
    everyMs: number
    stopMs?: number
  },
): Promise<Fired> => {
  const { url, schema, schedules, seconds, everyMs, stopMs = 0 } = options
  const beats = await Promise.all(Array.from({ length: options.beats }, () => startBeat(url, schema)))
  let kills = 0
  let over = false
  const torment = async () => {
    for (let turn = 0; !over; turn = (turn + 1) % beats.length) {
      await sleep(everyMs)
      if (over) return
      const victim = beats[turn]!
      if (stopMs > 0) {
        victim.kill('SIGSTOP')
        await sleep(stopMs)
      }
      victim.kill('SIGKILL')
      kills++
      beats[turn] = await startBeat(url, schema)
    }
  }
  const [clock] = await context.sql<{ ms: number }>`select extract(epoch from clock_now())::float8 * 1000 as ms`
  const start = (Math.ceil(clock!.ms / 1000) + 4) * 1000
  const at = (ms: number) => new Date(ms).toISOString()
  try {
    await applySchedules(
      context,
      schedules,
      () => `every: 1s, start: "${at(start)}", end: "${at(start + (seconds - 1) * 1000)}"`,
    )
    const tormenting = torment()
    for (const deadline = Date.now() + (seconds + 60) * 1000; Date.now() < deadline; await sleep(200)) {
      const [row] = await context.sql<{
        open: boolean
      }>`select exists (select from schedule where slot is not null) as open`
      if (!row!.open) break
    }
    over = true
    await tormenting
  } finally {
    over = true
    for (const beat of beats) beat.kill('SIGKILL')
    await Promise.all(beats.map(beat => beat.exitCode === null && beat.signalCode === null && once(beat, 'exit')))
  }
  return { ...(await fired(context)), kills }
}

/** All runs that schedules have started. */
export const fired = async (context: Context): Promise<Omit<Fired, 'kills'>> => {
  const [row] = await context.sql<Omit<Fired, 'kills'>>`
  select count(*)::int as runs, count(distinct (trigger, fire_time))::int as distinct, max(late) as max,
    percentile_cont(0.5) within group (order by late) as p50, percentile_cont(0.99) within group (order by late) as p99
  from (select trigger, fire_time, extract(epoch from started_at - fire_time)::float8 * 1000 as late from run where fire_time is not null) r`
  return row!
}
