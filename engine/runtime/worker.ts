import type { Control, Hint, KafkaOptions } from '../broker/index.ts'
import { openPool, type Pool, type Result } from '../executor/index.ts'
import { alsoClaimed } from '../model/event.ts'
import type { HeldJob } from '../store/job.ts'
import type { QueueRow } from '../store/manifest.ts'
import { newestCommand } from '../store/command.ts'
import { drainSession, restateSession } from '../store/session.ts'
import type { Action } from './action.ts'
import { stopBelow } from './cancel.ts'
import { autoscale } from './autoscale.ts'
import { openChildren, type Range } from './children.ts'
import { obey } from './command/obey.ts'
import type { Context, LogLevel } from './context.ts'
import { decideAll } from './decide.ts'
import { openDoomed } from './doomed.ts'
import { keepLease } from './lease.ts'
import { type LogWriter, openLogWriter } from './logs.ts'
import { keyOf, openOrphans } from './orphans.ts'
import { isLostConnection } from './patience.ts'
import type { LoadedPlan } from './plans.ts'
import { openPuller } from './puller.ts'
import { openSecrets, type SecretSources } from './secret.ts'
import { openServing } from './serving.ts'
import { type Flushed, openSettler } from './settler.ts'
import { conclude, type InFlight, prepare } from './task.ts'
import { openTeller } from './teller.ts'
import { count, endedAttempts, type Totals } from './totals.ts'
import { end, jobError, noAttempt } from './action.ts'

export type WorkerOptions = {
  name: string
  /** Names of the queues it serves; null: all of the namespace. */
  queues: string[] | null
  /** Child processes. 0: it only decides, and runs no handler. */
  concurrency: number
  /** Jobs at once in one child. */
  slots: number
  handlersDir: string
  /** Names of the handlers there are, announced with the session. */
  handlers: string[]
  leaseMs: number
  /** From a soft abort to the kill of a child, ms. */
  graceMs: number
  /** How long running jobs may go on after a stop was asked for, ms. */
  drainMs: number
  memoryMb?: number
  recycleAfter?: number
  /** As many children as its load needs, between these; `concurrency` is how many there are first. */
  autoscale?: Range | null
  /** How long a child must have been more than enough before autoscale ends it, ms. Default: 30 s. */
  idleMs?: number
  /** Said where its settings are asked for. */
  kafka?: KafkaOptions | null
  /** Where the secrets are that inputs of tasks name. Default: nowhere. */
  secrets?: SecretSources
  /** Where the log's level can be set. */
  onLogLevel?(level: LogLevel): void
  onReady?(worker: Worker): void
}

export type Worker = {
  session(): number | null
  pool: Pool | null
  held(): number
  backlog(): number
  /** New jobs run the code that is in the handlers' folder now, and these are announced. */
  reload(handlers: string[]): Promise<void>
}

/** How far a settler may be behind before the worker claims no more. */
const maxBacklog = 5000

/**
 * A worker: claims jobs up to its capacity, evaluates their inputs, hands them to child processes, and settles what they give
 * back in batches. Works until the signal aborts, then drains.
 */
export const worker = async (context: Context, options: WorkerOptions, signal: AbortSignal): Promise<void> => {
  const inFlight = new Map<number, InFlight>()
  const heldKeys = new Set<string>()
  const totals: Totals = new Map()
  const timeLimits = new Map<string, number>()
  const stop = new AbortController()
  const hardStop = new AbortController()
  const silence = new AbortController()
  let leaveWithinMs = Number.POSITIVE_INFINITY
  let key = 0
  let starting = 0
  const serving = await openServing(context, { only: options.queues })
  const lastCommand = await newestCommand(context.sql)
  const orphans = openOrphans(context, heldKeys)

  const secrets = openSecrets(options.secrets ?? { env: {}, dir: null })
  const logs: LogWriter = openLogWriter(context, secrets)
  const settler = openSettler({
    sql: context.sql,
    session: () => lease.session() ?? -1,
    serves: () =>
      serving
        .queues()
        .filter(queue => queue.id === 0 || mayTake(queue))
        .map(queue => queue.id),
    room,
    events: context.events,
    lanes: 2,
    signal: hardStop.signal,
    onFlush,
    onLostAnswer: orphans.expect,
    onRefused: refuse,
  })

  const children = await openChildren(context, {
    size: options.concurrency,
    range: options.autoscale ?? null,
    newPool,
    onReplaced: () => puller.wake(serving.ids()),
  })
  let { handlers } = options
  const about = () => ({ queues: serving.queues().map(queue => queue.name), concurrency: children.size(), handlers })
  const lease = await keepLease(context, {
    worker: options.name,
    about,
    does: () => ({ active: inFlight.size, processed: endedAttempts(totals) }),
    leaseMs: options.leaseMs,
    onOpen: session => context.log('debug', 'session opened', { session }),
    onLost: loseEverything,
    onRenewed: () =>
      void lookAfter().catch(error => context.log('debug', `looking after held jobs failed: ${error.message}`)),
  }).catch(async error => {
    await children.close(0)
    throw error
  })

  const teller = openTeller(context, lease.session, {
    all: () => inFlight.values(),
    started: key => children.pool()?.started(key) ?? false,
  })
  const doomed = openDoomed(context, {
    session: lease.session,
    jobs: inFlight,
    pool: children.pool,
    graceMs: options.graceMs,
  })

  /** Jobs that could be started soon. None without children: a task would have to be given back. */
  function room() {
    const pool = children.pool()
    return pool ? pool.capacity() - starting : 0
  }
  /** With a settling jobs are taken (semantics R11) where a pull would be allowed to, and while no other queue waits for its turn. */
  function mayTake({ id, paused, concurrency, rate_count }: QueueRow) {
    return (
      !paused && concurrency === null && rate_count === null && children.pool()?.behind() === false && !puller.waits(id)
    )
  }
  /** Room for a pull worth its while: each skips what is in flight anew, so a few jobs at a time cost far more than many. */
  const capacity = () => {
    const free = settler.backlog() > maxBacklog ? 0 : room()
    return free * 4 >= inFlight.size + starting ? free : 0
  }
  const puller = openPuller(context, {
    session: lease.session,
    queues: () => (children.pool() ? serving.queues() : serving.queues().filter(queue => queue.id === 0)),
    capacity,
    onLostAnswer: orphans.expect,
    onClaimed: jobs => void take(jobs),
    signal: stop.signal,
  })
  await serving.listen(onHints)
  const controls = await context.broker.onControl(onControl)
  const subject = {
    context,
    options,
    session: lease.session,
    children,
    serving,
    jobs: () => inFlight.values(),
    totals,
    timeLimits,
    restate,
    leave,
  }
  const obeying = obey(context, { worker: options.name, after: lastCommand, subject }, silence.signal)
  const scaling = autoscale(context, { children, serving, restate, idleMs: options.idleMs }, stop.signal)
  options.onReady?.({
    session: lease.session,
    pool: children.pool(),
    held: () => heldKeys.size,
    backlog: settler.backlog,
    async reload(found) {
      handlers = found
      children.pool()?.recycle()
      await restate()
    },
  })
  puller.wake(serving.ids())

  const onSignal = () => leave(options.drainMs)
  if (signal.aborted) onSignal()
  else signal.addEventListener('abort', onSignal, { once: true })
  await aborted(stop.signal)
  await drain()
  signal.removeEventListener('abort', onSignal)

  /** Takes nothing new from now on; what runs may go on for so long. */
  function leave(drainMs: number) {
    if (drainMs < leaveWithinMs) leaveWithinMs = drainMs
    stop.abort()
    void children.close(leaveWithinMs)
  }

  /** Everything that came to this session, by claim or by settle: decisions here, tasks to the children. */
  async function take(jobs: HeldJob[]): Promise<void> {
    starting += jobs.length
    const session = lease.session()
    try {
      for (const job of jobs) heldKeys.add(keyOf(job))
      const loaded = new Map<number, LoadedPlan>()
      for (const id of new Set(jobs.map(job => job.plan))) loaded.set(id, await context.plan(id))
      const held = jobs.map(job => ({ job, loaded: loaded.get(job.plan)! }))
      const control = held.filter(({ job }) => isDecision(job))
      const tasks = held.filter(({ job }) => !isDecision(job))
      if (control.length > 0) settler.add(await decideAll(context.sql, context.values, control))
      if (tasks.length > 0) {
        const { started, work, actions } = await prepare(context, tasks, { nextKey: () => ++key, secrets, timeLimits })
        if (actions.length > 0) settler.add(actions)
        if (session !== lease.session()) return // lost meanwhile: they are others' now
        const pool = children.pool()
        if (stop.signal.aborted || !pool) settler.add(started.map(({ job }) => ({ do: 'release', job, untold: 0 })))
        else {
          for (const one of started) {
            inFlight.set(one.key, one)
            count(totals, one, 'claimed')
          }
          pool.run(work)
          teller.watch()
          doomed.started()
        }
      }
    } catch (error) {
      if (!isLostConnection(error)) context.log('error', `jobs could not be started: ${(error as Error).stack}`)
      for (const job of jobs) heldKeys.delete(keyOf(job))
      orphans.expect() // still this session's by the store: taken up again when it answers
    } finally {
      starting -= jobs.length
      if (starting === 0) doomed.allStarted()
    }
  }

  function onResults(results: Result[]) {
    const telling = teller.pending()
    if (telling) void telling.then(() => concludeAll(results))
    else concludeAll(results)
  }

  function concludeAll(results: Result[]) {
    const actions: Action[] = []
    for (const result of results) {
      const one = inFlight.get(result.key)
      if (!one) continue
      inFlight.delete(result.key)
      count(totals, one, result.ok ? 'succeeded' : 'failed')
      const action = conclude(one, result, secrets)
      if (action.do === 'postpone')
        context.log(
          'warn',
          `handler "${one.loaded.nodes[one.job.node]!.task!.handler}" is not in ${options.handlersDir}; the job waits for it`,
        )
      actions.push(action)
    }
    settler.add(actions)
    puller?.room()
  }

  function onFlush(flushed: Flushed) {
    for (const job of flushed.gone) heldKeys.delete(keyOf(job))
    for (const result of flushed.results) context.values.remember(result)
    if (flushed.taken.length > 0) void take(flushed.taken)
    if (flushed.ready.length > 0) {
      const hinted = new Set(flushed.ready.map(ready => ready.queue))
      context.broker.ring(asHints(flushed.ready))
      if (!stop.signal.aborted) puller.wake(serving.ids().filter(id => hinted.has(id)))
    }
    if (flushed.scheduled) context.broker.broadcast({ type: 'timers' })
    for (const { run, n } of flushed.stopped)
      void stopBelow(context, {
        run,
        n,
        reason: jobError('Cancelled', 'too many items failed before (stopOnFailure)'),
      }).catch(error => context.log('warn', `items behind a failure could not be stopped: ${error.message}`))
    freeLimited(flushed.gone)
    puller?.room()
  }

  /** What waits behind a queue's `concurrency` may go on when a job of it has ended: nobody else would say so. */
  function freeLimited(gone: HeldJob[]) {
    const limited = serving
      .queues()
      .filter(queue => queue.concurrency !== null && gone.some(job => job.queue === queue.id))
      .map(queue => queue.id)
    if (limited.length === 0) return
    context.broker.ring(limited.map(queue => ({ queue, count: gone.filter(job => job.queue === queue).length })))
    if (!stop.signal.aborted) puller.wake(limited)
  }

  function onHints(hinted: Hint[]) {
    puller?.hear(hinted)
  }

  function onControl(message: Control) {
    if (message.type === 'cancel') {
      doomed.hear(message, starting > 0)
      puller.wake([0])
    }
    if (message.type === 'queues') void context.lookAtEvents().catch(() => {})
    if (message.type === 'queues')
      void refreshQueues().then(
        () => puller.wake(serving.ids()),
        error => context.log('debug', `queues were not read again: ${error.message}`),
      )
  }

  async function refreshQueues() {
    const before = serving.ids().join()
    await serving.refresh()
    if (serving.ids().join() !== before) await restate()
  }

  /** Lists show how it has changed, and queues that are new to it are looked at. */
  async function restate() {
    const session = lease.session()
    if (session !== null) await restateSession(context.sql, { session, ...about() })
    puller.wake(serving.ids())
  }

  /** With each renewal: queues' live fields, long jobs that were cancelled, jobs of lost answers. */
  async function lookAfter() {
    await context.lookAtEvents()
    await refreshQueues()
    await doomed.look()
    const session = lease.session()
    if (session !== null) await orphans.look(session)
  }

  function refuse(action: Action, error: Error) {
    context.log('error', `the store refused what became of a job: ${error.message}`)
    if (action.do === 'end' && action.ending.state === 'failed') return // even the bare failure: it stays this session's until that ends
    void context
      .plan(action.job.plan)
      .then(loaded =>
        settler.add([
          end(
            action.job,
            loaded,
            { state: 'failed', output: null, error: { name: 'InvalidOutput', message: error.message } },
            noAttempt,
          ),
        ]),
      )
  }

  function loseEverything() {
    inFlight.clear()
    heldKeys.clear()
    children.replace()
  }

  function newPool(size: number): Promise<Pool> {
    return openPool({
      children: size,
      slots: options.slots,
      handlersDir: options.handlersDir,
      graceMs: options.graceMs,
      ...(options.memoryMb ? { memoryMb: options.memoryMb } : {}),
      ...(options.recycleAfter ? { recycleAfter: options.recycleAfter } : {}),
      onResults,
      onReleased(keys) {
        const given = keys.flatMap(one => inFlight.get(one) ?? [])
        for (const one of keys) inFlight.delete(one)
        settler.add(given.map(({ job, untold }) => ({ do: 'release', job, untold: untold & alsoClaimed })))
      },
      onLog: lines => logs.write(lines, one => inFlight.get(one)?.job),
      onProgress: progress =>
        logs.write(
          progress.map(({ key, fraction, text }) => ({
            key,
            level: 'info' as const,
            message: `${Math.round(fraction * 100)} %${text ? `  ${text}` : ''}`,
            fields: { progress: fraction },
          })),
          one => inFlight.get(one)?.job,
        ),
    })
  }

  async function drain() {
    await Promise.all([serving.stop(), puller.done, scaling])
    const session = lease.session()
    if (session !== null) await drainSession(context.sql, session).catch(() => {})
    await children.close(leaveWithinMs)
    const patience = setTimeout(() => hardStop.abort(), options.drainMs + 5000)
    await teller.pending()
    await settler.idle()
    clearTimeout(patience)
    teller.stop()
    silence.abort()
    await Promise.all([controls.stop(), obeying])
    await logs.close()
    await lease.close()
  }
}

/** Nobody's code is to run: it waits in the engine's own queue, or its scope has ended. */
const isDecision = (job: HeldJob): boolean => job.queue === 0 || job.inner_base !== null

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))

/** One hint a queue; jobs by name where there are few, else a bump. */
const asHints = (ready: Flushed['ready']): Hint[] => {
  const hints = new Map<number, Hint>()
  for (const one of ready) {
    const hint = hints.get(one.queue) ?? { queue: one.queue }
    if ('count' in one) hint.count = (hint.count ?? 0) + one.count
    else (hint.jobs ??= []).push(one)
    hints.set(one.queue, hint)
  }
  return [...hints.values()].map(({ queue, jobs = [], count = 0 }) =>
    count > 0 || jobs.length > 100 ? { queue, count: count + jobs.length } : { queue, jobs },
  )
}
