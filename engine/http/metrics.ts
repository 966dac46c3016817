import { readFileSync } from 'node:fs'
import { Counter, Gauge, Registry } from 'prom-client'
import { code } from '../model/event.ts'
import type { Context } from '../runtime/context.ts'
import { countableUpTo, countFires, countRuns, queueDepths } from '../store/metrics.ts'
import { listSessions } from '../store/session.ts'
import { openDurations } from './durations.ts'
import type { Serving } from './serving.ts'

/** What a server counts itself, and what it reads in the database when it is asked. */
export type Metrics = {
  hookRequests: Counter<'hook' | 'code'>
  read(): Promise<string>
}

const ends: { [what: number]: string } = {
  [code['run.succeeded']]: 'succeeded',
  [code['run.failed']]: 'failed',
  [code['run.cancelled']]: 'cancelled',
}

/**
 * Metrics in Prometheus' text. `tq_hook_requests_total` is this server's; all others are of the namespace, and the same at every
 * server, so that they are to be taken from any and not added up. Runs are counted from this server's start on, by the events of them.
 */
export const openMetrics = async (context: Context): Promise<Metrics> => {
  const { sql, namespace } = context
  const registry = new Registry()
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers: [registry] })

  const hookRequests = counter(
    'tq_hook_requests_total',
    'Requests to hooks by what was answered; without a hook: no hook has the path',
    ['hook', 'code'],
  )
  const started = counter('tq_runs_started_total', 'Runs of workflows that have started', ['workflow', 'trigger'])
  const finished = counter('tq_runs_finished_total', 'Runs of workflows that have ended', ['workflow', 'state'])
  const depth = gauge('tq_queue_depth', 'Open jobs', ['queue', 'state'])
  const oldest = gauge(
    'tq_queue_oldest_age_seconds',
    'How long the job that waits longest for a worker has been ready',
    ['queue'],
  )
  const fires = counter(
    'tq_schedule_fires_total',
    'Fire times of schedules: those that have a run, and those that got none',
    ['schedule', 'result'],
  )
  const nextFire = gauge('tq_schedule_next_fire_timestamp_seconds', 'When a schedule fires next', ['schedule'])
  const workers = gauge('tq_workers', 'Workers whose lease holds', ['state'])
  const slots = gauge('tq_worker_slots', 'Child processes of a worker, and jobs that it runs', ['worker', 'state'])
  gauge('tq_build_info', 'What runs here', ['version', 'node']).set({ version: version(), node: process.version }, 1)
  const durations = openDurations('tq_run_duration_seconds', 'How long runs of workflows took')

  let position = await countableUpTo(sql)
  const readRuns = async () => {
    const upTo = await countableUpTo(sql)
    if (upTo <= position) return
    const rows = await countRuns(sql, { namespace, after: position, upTo, bounds: durations.bounds })
    position = upTo
    for (const { what, workflow, trigger, runs, bucket, seconds } of rows) {
      const state = ends[what]
      if (state === undefined) started.inc({ workflow, trigger }, runs)
      else {
        finished.inc({ workflow, state }, runs)
        durations.add({ workflow, state }, { bucket, runs, seconds })
      }
    }
  }
  const readQueues = async () => {
    const [queues, rows] = [await context.queues(true), await queueDepths(sql, { namespace })]
    depth.reset()
    oldest.reset()
    for (const { id, name } of queues) if (id !== 0) oldest.set({ queue: name }, 0)
    for (const { queue, state, jobs, oldest_s } of rows) {
      depth.set({ queue, state }, jobs)
      if (state === 'queued') oldest.set({ queue }, oldest_s)
    }
  }
  const readSchedules = async () => {
    const rows = await countFires(sql, { namespace })
    fires.reset() // the sums are the database's
    nextFire.reset()
    for (const { schedule, started, dropped, next_s } of rows) {
      fires.inc({ schedule, result: 'started' }, started)
      fires.inc({ schedule, result: 'dropped' }, dropped)
      if (next_s !== null) nextFire.set({ schedule }, next_s)
    }
  }
  const readWorkers = async () => {
    const sessions = await listSessions(sql, { namespace })
    const draining = sessions.filter(session => session.draining).length
    workers.set({ state: 'online' }, sessions.length - draining)
    workers.set({ state: 'draining' }, draining)
    slots.reset()
    for (const { worker, concurrency, running } of sessions) {
      slots.inc({ worker, state: 'children' }, concurrency)
      slots.inc({ worker, state: 'running' }, running)
    }
  }
  const read = async () => {
    await Promise.all([readRuns(), readQueues(), readSchedules(), readWorkers()])
    return `${await registry.metrics()}\n${durations.text()}`
  }
  return { hookRequests, read: kept(read) }
}

/** Answers with what was counted, and with what the database says now. */
export const answerMetrics = async ({ metrics }: Serving): Promise<Response> =>
  new Response(await metrics.read(), { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } })

const keptMs = 1000

/** Whoever asks more often gets what was read before: reading costs the database more than the asking. */
const kept = (read: () => Promise<string>): (() => Promise<string>) => {
  let last: { at: number; text: Promise<string> } | null = null
  return () => {
    const now = performance.now()
    if (last && now - last.at < keptMs) return last.text
    const text = read()
    last = { at: now, text }
    text.catch(() => (last = null))
    return text
  }
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
