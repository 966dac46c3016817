import type { HeldJob, QueuedJob, Scope } from '../store/job.ts'
import { release } from '../store/claim.ts'
import { openLoop, openScopes } from '../store/open.ts'
import { postpone, retry, retryScope, route } from '../store/retry.ts'
import type { Result } from '../store/outcome.ts'
import { type Ending, type Refill, settle } from '../store/settle.ts'
import type { Sql } from '../store/sql.ts'
import type { Action } from './action.ts'
import { isLostConnection, patiently } from './patience.ts'

/** What a flush brought: jobs this session now runs, what others may take, and what happened to runs and loops. */
export type Flushed = {
  taken: HeldJob[]
  ready: (QueuedJob | { queue: number; count: number })[]
  stopped: { run: string; n: number }[]
  ended: string[]
  /** Results that successors may ask for soon. */
  results: Result[]
  /** Something was scheduled: the timers should look. */
  scheduled: boolean
  /** Jobs this session no longer holds, for whatever reason. */
  gone: HeldJob[]
}

export type Settler = {
  add(actions: Action[]): void
  /** Actions that are not in the store yet. */
  backlog(): number
  /** Resolves when everything added so far is through. */
  idle(): Promise<void>
}

type Options = {
  sql: Sql
  session(): number
  /** See Context. */
  events(): string | null
  /** Queues of which it may take jobs at once. */
  serves(): number[]
  /** How many jobs of tasks it could start soon. */
  room(): number
  lanes: number
  signal: AbortSignal
  onFlush(flushed: Flushed): void
  /** A statement's answer was lost: jobs may be held that nobody knows of. */
  onLostAnswer(): void
  /** A row that the store does not take, alone: its job fails with this. */
  onRefused(action: Action, error: Error): void
}

/** Rows of one statement at most: beyond 500 little is gained and the tail grows. */
const maxBatch = 500
/** How often a session may take its own job's successors in a row (semantics R11). */
const maxStreak = 16

/**
 * Brings actions into the store in self-clocking batches: a lane takes what has gathered while it was away, one row when idle,
 * hundreds under load. A statement that fails because the connection was lost is sent again until it is through: the fence
 * makes that harmless. One that the store refuses is halved until the row that is guilty stands alone.
 */
export const openSettler = (options: Options): Settler => {
  const queue: Action[] = []
  let busy = 0
  const waiters: (() => void)[] = []
  const streaks = new WeakMap<HeldJob, number>()

  const pump = () => {
    while (busy < options.lanes && queue.length > 0) {
      const batch = queue.splice(0, maxBatch)
      busy++
      flush(batch).finally(() => {
        busy--
        if (queue.length > 0) pump()
        else if (busy === 0) for (const resolve of waiters.splice(0)) resolve()
      })
    }
  }

  const flush = async (batch: Action[]) => {
    const streak = batch.reduce((most, { job }) => Math.max(most, streaks.get(job) ?? 0), 0) + 1
    try {
      const flushed = await patiently(() => perform(options, batch, streak <= maxStreak), {
        signal: options.signal,
        onRetry: options.onLostAnswer,
      })
      for (const job of flushed.taken) streaks.set(job, streak)
      options.onFlush({ ...flushed, gone: batch.map(action => action.job) })
    } catch (error) {
      if (options.signal.aborted || isLostConnection(error)) return
      if (batch.length === 1) options.onRefused(batch[0]!, error as Error)
      else {
        const middle = batch.length >> 1
        await flush(batch.slice(0, middle))
        await flush(batch.slice(middle))
      }
    }
  }

  return {
    add(actions) {
      for (const action of actions) queue.push(action)
      pump()
    },
    backlog: () => queue.length,
    idle: () => (busy === 0 && queue.length === 0 ? Promise.resolve() : new Promise(resolve => waiters.push(resolve))),
  }
}

type Brought = Omit<Flushed, 'gone'>

/** One statement for each kind of action that is there; almost always that is one. */
const perform = async (
  { sql, session, serves, room, events }: Options,
  batch: Action[],
  mayTake: boolean,
): Promise<Brought> => {
  const result: Brought = { taken: [], ready: [], stopped: [], ended: [], results: [], scheduled: false }
  const at = { session: session(), serves: mayTake ? serves() : [0], events: events() }
  const by = <Kind extends Action['do']>(kind: Kind) =>
    batch.filter((action): action is Extract<Action, { do: Kind }> => action.do === kind)
  const heldOff: HeldJob[] = []
  const ends = by('end')
  const work: Promise<void>[] = []
  if (ends.length > 0)
    work.push(
      settle(sql, { ...at, endings: ends.map(action => action.ending), refills: refills(ends) }).then(settled => {
        result.taken.push(...settled.taken)
        result.ready.push(...settled.ready)
        result.stopped.push(...settled.stopped)
        result.ended.push(...settled.ended)
        ends.forEach((action, i) => {
          if (action.read && settled.settled[i] && (action.ending.output?.length ?? 0) <= maxKept)
            result.results.push(resultOf(action.job, action.ending, settled.now))
        })
      }),
    )
  const retries = by('retry')
  if (retries.length > 0)
    work.push(
      retry(sql, { ...at, retries: retries.map(action => action.retry) }).then(rows => {
        result.scheduled ||= rows.some(row => row.phase === 'scheduled')
        result.ready.push(...rows.filter(row => row.phase === 'ready'))
      }),
    )
  for (const [scope, opens] of group(by('open'), action => action.scope))
    work.push(
      openScopes(sql, {
        ...at,
        scope: scope as Scope,
        openings: opens.map(action => action.opening),
        takes: opens[0]!.takes,
        deadlineMs: opens[0]!.deadlineMs,
      }).then(opened => {
        result.scheduled ||= opens[0]!.deadlineMs !== null
        heldOff.push(...opens.filter((_, i) => !opened.opened[i]).map(action => action.job))
        result.taken.push(...opened.taken)
        result.ready.push(...opened.ready)
      }),
    )
  for (const { job, loop } of by('loop'))
    work.push(
      openLoop(sql, { ...at, loop, takes: Math.max(0, Math.min(loop.window, 256, room())) }).then(opened => {
        if (!opened) return void heldOff.push(job)
        result.taken.push(...opened.taken)
        result.ready.push(...opened.ready)
      }),
    )
  const routes = by('route')
  if (routes.length > 0)
    work.push(
      route(sql, { ...at, routes: routes.map(action => action.route) }).then(rows => {
        result.scheduled ||= routes.some(action => action.route.deadlineMs !== null)
        if (rows.length < routes.length)
          heldOff.push(
            ...routes
              .map(action => action.job)
              .filter(job => !rows.some(row => row.run === job.run && row.n === job.n)),
          )
        const routed = new Map(routes.map(({ job }) => [`${job.run}/${job.n}`, job]))
        for (const row of rows) {
          if (row.taken) result.taken.push({ ...routed.get(`${row.run}/${row.n}`)!, queue: row.queue })
          else result.ready.push(row)
        }
      }),
    )
  for (const { job, delayMs } of by('retryScope'))
    work.push(
      retryScope(sql, { ...at, run: job.run, n: job.n, attempt: job.attempt, delayMs }).then(done =>
        done ? void (result.scheduled = true) : void heldOff.push(job),
      ),
    )
  const postponed = by('postpone')
  if (postponed.length > 0)
    work.push(
      postpone(sql, { ...at, jobs: postponed.map(({ job }) => job), delayMs: postponed[0]!.delayMs }).then(
        () => void (result.scheduled = true),
      ),
    )
  const released = by('release')
  if (released.length > 0)
    work.push(
      release(sql, { ...at, jobs: released.map(({ job, untold }) => ({ ...job, untold })) }).then(
        rows => void result.ready.push(...rows),
      ),
    )
  await Promise.all(work)
  // Cancelled between its decision and this statement: whoever claims it next sees that. Not ours any more: nothing happens.
  if (heldOff.length > 0) result.ready.push(...(await release(sql, { ...at, jobs: heldOff })))
  return result
}

/** A settled job's result as the store would give it: outputs that are large are better read again than kept. */
const resultOf = (job: HeldJob, { run, n, state, output, error, ranMs }: Ending, now: number): Result => ({
  run,
  n,
  tries: job.failures + job.lost + 1,
  state,
  output: output === null ? null : JSON.parse(output),
  error: error === null ? null : JSON.parse(error),
  started_at: new Date(now - ranMs),
  ended_at: new Date(now),
})
const maxKept = 64 * 1024

const refills = (ends: { job: HeldJob; refill: Refill | null }[]): Refill[] => {
  const found = new Map<string, Refill>()
  for (const { refill } of ends) if (refill) found.set(`${refill.run}/${refill.n}`, refill)
  return [...found.values()]
}

const group = <T, K>(list: T[], key: (item: T) => K): Map<K, T[]> => {
  const groups = new Map<K, T[]>()
  for (const item of list) {
    const known = groups.get(key(item))
    if (known) known.push(item)
    else groups.set(key(item), [item])
  }
  return groups
}
