import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CloudEvent,
  type Context,
  countJobs,
  didYouMean,
  ended,
  eventTypes,
  listSessions,
  openEvents,
  parseDuration,
  positionAt,
  resolveRun,
  type RunState,
  shortId,
  snapshot,
  TqError,
} from '../../engine/client.ts'
import { connected } from '../connect.ts'
import type { Io } from '../io.ts'
import { errorLine, icon, plain } from '../progress.ts'
import { sinceOf } from '../options.ts'
import type { Action, Options } from '../command.ts'

/** How often a follower looks, ms. */
const lookMs = 100

const events: Action = (io, options, typed) =>
  connected(io, async context => {
    const wanted = typesOf(options.type)
    const run = typed === undefined ? null : await resolveRun(context, String(typed))
    if (run && options.snapshot !== undefined)
      throw new TqError('USAGE', '--snapshot is of everything that runs: leave out the run, or --snapshot')
    const periodMs = options.snapshot === undefined ? null : durationOf('--snapshot', options.snapshot)
    const from = run ? (await snapshot(context, run)).run.started_at : sinceOf(options.since)
    const following = options.follow === true || periodMs !== null
    const live = following && !run && options.since === undefined
    const reader = openEvents(context, await positionAt(context.sql, live ? new Date() : from))
    if (periodMs !== null) return camera(io, context, reader, periodMs)
    const all: CloudEvent[] = []
    let settled = false
    for (;;) {
      const page = await reader.read()
      const found = page.events.filter(
        event =>
          wanted(event.type) && (run === null || event.data.run === run) && (!run || !from || since(options, event)),
      )
      if (options.output === 'json' && !following) all.push(...found)
      else
        for (const event of found)
          io.out(options.output === undefined || options.output === 'table' ? line(event) : JSON.stringify(event))
      const over = run !== null && page.events.some(event => event.data.run === run && isEnd(event.type))
      if (io.signal.aborted || (over && following)) break
      if (page.more) continue
      // Its end is not told where events are off, or no longer kept.
      if (!following || (settled && page.events.length === 0)) break
      if (run) settled = ended((await snapshot(context, run)).run.state)
      await sleep(lookMs, undefined, { signal: io.signal }).catch(() => {})
    }
    if (options.output === 'json' && !following) io.out(JSON.stringify(all, null, 2))
    return 0
  })
export default events

const isEnd = (type: string): boolean => /^run\.(succeeded|failed|cancelled)$/.test(type)

const since = (options: Options, event: CloudEvent): boolean => {
  const from = sinceOf(options.since)
  return from === null || new Date(event.time) >= from
}

/** A filter of `job.succeeded,run.*`. */
const typesOf = (text: unknown): ((type: string) => boolean) => {
  if (typeof text !== 'string') return () => true
  const known = Object.values(eventTypes) as string[]
  const patterns = text.split(',').map(one => one.trim())
  for (const pattern of patterns) {
    const matches = pattern.endsWith('*')
      ? known.some(type => type.startsWith(pattern.slice(0, -1)))
      : known.includes(pattern)
    if (!matches)
      throw new TqError(
        'USAGE',
        `there are no events of type "${pattern}"${didYouMean(pattern, known) || `; there are ${known.join(', ')}`}`,
      )
  }
  return type => patterns.some(one => (one.endsWith('*') ? type.startsWith(one.slice(0, -1)) : one === type))
}

/** A duration back from now, or a time. */
const durationOf = (flag: string, text: unknown): number => {
  const ms = parseDuration(String(text))
  if (ms === undefined || ms < 100)
    throw new TqError('USAGE', `${flag} is "${text}"; it must be a duration such as 30s, 100ms at least`)
  return ms
}

const line = ({ type, time, data }: CloudEvent): string => {
  const of = data as {
    run?: string
    step?: string
    workflow?: string
    worker?: string
    attempt?: number
    error?: { name: string; message: string }
    runtimeMs?: number
  }
  const what = type.startsWith('worker.')
    ? `${of.worker ?? ''}`
    : `${of.workflow} ${shortId(of.run!)}${of.step ? `  ${of.step}` : ''}`
  const more = [
    ...((of.attempt ?? 1) > 1 ? [`attempt ${of.attempt}`] : []),
    ...(of.runtimeMs === undefined ? [] : [`${Math.round(of.runtimeMs)} ms`]),
    ...(of.error ? [errorLine(of.error)] : []),
  ]
  return plain(
    `${time.slice(11, 23)}  ${iconOf(type)} ${type.padEnd(16)} ${what}${more.length ? `  ${more.join('  ')}` : ''}`,
  )
}

/** A state's own where the event is the way into it. */
const iconOf = (type: string): string => {
  const word = type.slice(type.indexOf('.') + 1)
  const others: Record<string, string> = { started: '▷', retried: '↻', lost: '✖', online: '▷', offline: '□' }
  return others[word] ?? icon(word as RunState) ?? ' '
}

/** Every so often what there is and what has happened since: workers, open jobs by queue and state, events by type. */
const camera = async (
  io: Io,
  context: Context,
  reader: ReturnType<typeof openEvents>,
  periodMs: number,
): Promise<number> => {
  while (!io.signal.aborted) {
    const from = performance.now()
    const until = from + periodMs
    const counts: Record<string, number> = {}
    while (performance.now() < until && !io.signal.aborted) {
      const page = await reader.read()
      for (const event of page.events) counts[event.type] = (counts[event.type] ?? 0) + 1
      if (!page.more)
        await sleep(Math.min(lookMs, Math.max(0, until - performance.now())), undefined, { signal: io.signal }).catch(
          () => {},
        )
    }
    const [workers, jobs] = await Promise.all([
      listSessions(context.sql, { namespace: context.namespace }),
      countJobs(context.sql, { namespace: context.namespace }),
    ])
    io.out(
      JSON.stringify({
        time: new Date().toISOString(),
        periodMs: Math.min(periodMs, Math.round(performance.now() - from)),
        workers: workers.map(({ id, worker, host, pid, running, draining }) => ({
          session: id,
          worker,
          host,
          pid,
          running,
          draining,
        })),
        jobs,
        events: counts,
      }),
    )
  }
  return 0
}
