import { setTimeout as sleep } from 'node:timers/promises'
import { TqError } from '../model/errors.ts'
import { parseId, shortId } from '../model/id.ts'
import type { Json } from '../model/json.ts'
import type { Plan } from '../model/plan.ts'
import { oneOf } from '../model/similar.ts'
import { ended } from '../model/state.ts'
import { findRuns, latestRun, readRuns, type RunRow } from '../store/run.ts'
import { type Progress, progressSince, type Shown, type Tally, tallyNodes } from '../store/tally.ts'
import { countNodes, type NodeCount, readRoot } from '../store/view.ts'
import type { Context } from './context.ts'
import { patiently } from './patience.ts'

/** A run as it is at one moment. `shown` and `progress` are of runs that are watched: jobs that are told of by themselves. */
export type Snapshot = { run: RunRow; plan: Plan; nodes: WatchedNode[]; progress?: Map<string, Progress> }
export type WatchedNode = NodeCount & { shown?: Shown[] | null }
export type RunResult = { run: RunRow; output: Json; error: Json }

/** A run as it is now: the state of every node, counted. */
export const snapshot = async (context: Context, id: string): Promise<Snapshot> => {
  const [[run], nodes] = await Promise.all([readRuns(context.sql, [id]), countNodes(context.sql, id)])
  if (!run) throw new TqError('NOT_FOUND', `there is no run ${id}`)
  return { run, plan: (await context.plan(run.plan)).plan, nodes }
}

/** However long a look took: on a busy machine that is waiting, and costs nobody anything. */
const mostMs = 2000
/** Looks at a run take at most this share of the time, and so does what they cost the database. */
const looking = 1 / 50

/**
 * Snapshots of a run until it has ended, the last one included and counted anew. Looks ten times a second, twice where the run is
 * older than half a minute, and more seldom where a look is costly. While the database is away it goes on asking.
 *
 * @param onLost called when the database is lost, with why; `onFound` when it answers again
 */
export async function* watch(
  context: Context,
  id: string,
  signal: AbortSignal,
  { onLost = () => {}, onFound = () => {} }: { onLost?(error: Error): void; onFound?(): void } = {},
): AsyncGenerator<Snapshot> {
  const look = openLooker(context, id)
  let lost = false
  const onRetry = (error: Error) => {
    if (!lost) onLost(error)
    lost = true
  }
  while (!signal.aborted) {
    const asked = performance.now()
    const now = await patiently(look, { signal, onRetry }).catch(error => {
      if (signal.aborted) return null
      throw error
    })
    if (!now) return
    if (lost) onFound()
    lost = false
    const tookMs = performance.now() - asked
    yield now
    if (ended(now.run.state)) return
    const ageMs = Date.now() - now.run.started_at.getTime()
    const paceMs = Math.max(100, Math.min(500, ageMs / 60), Math.min(mostMs, tookMs / looking))
    await sleep(paceMs, undefined, { signal }).catch(() => {})
  }
}

/** Progress is kept of so many attempts. */
const maxProgress = 1000

/** Looks at one run again and again: each look goes on where the last one ended. */
const openLooker = (context: Context, id: string): (() => Promise<Snapshot>) => {
  const { sql } = context
  let past: Tally[] = []
  let from: number | null = null
  let lastLine = 0
  const progress = new Map<string, Progress>()

  const listen = async () => {
    for (const one of await progressSince(sql, { run: id, after: lastLine, limit: 200 })) {
      progress.set(`${one.n}/${one.attempt}`, one)
      lastLine = one.id
      if (progress.size > maxProgress) progress.delete(progress.keys().next().value!)
    }
  }
  return async () => {
    const [run] = await readRuns(sql, [id])
    if (!run) throw new TqError('NOT_FOUND', `there is no run ${id}`)
    if (ended(run.state)) return snapshot(context, id)
    const { plan } = await context.plan(run.plan)
    const size = plan.nodes.length
    const [tallies] = await Promise.all([tallyNodes(sql, { run: id, size, from: from ?? size }), listen()])
    from = tallies[0]?.next ?? from
    past = added([...past, ...tallies.filter(one => one.past)])
    return { run, plan, nodes: added([...past, ...tallies.filter(one => !one.past)]), progress }
  }
}

/** Counts of the same node and state as one. */
const added = (tallies: Tally[]): Tally[] => {
  const sums = new Map<string, Tally>()
  for (const one of tallies) {
    const key = `${one.node} ${one.state}`
    const sum = sums.get(key)
    sums.set(key, sum ? together(sum, one) : one)
  }
  return [...sums.values()]
}

const together = (a: Tally, b: Tally): Tally => ({
  ...a,
  jobs: a.jobs + b.jobs,
  attempts: Math.max(a.attempts, b.attempts),
  started_at:
    a.started_at && b.started_at && b.started_at < a.started_at ? b.started_at : (a.started_at ?? b.started_at),
  ended_at: a.ended_at && b.ended_at && b.ended_at > a.ended_at ? b.ended_at : (a.ended_at ?? b.ended_at),
  worker: a.worker ?? b.worker,
  error: a.error ?? b.error,
  total: a.total ?? b.total,
  shown: [...(b.shown ?? []), ...(a.shown ?? [])].slice(0, 3),
})

/** Waits until a run has ended. @throws TIMEOUT after `timeoutMs` */
export const wait = async (
  context: Context,
  id: string,
  { timeoutMs, signal }: { timeoutMs?: number; signal: AbortSignal },
): Promise<RunResult> => {
  const until = performance.now() + (timeoutMs ?? Number.POSITIVE_INFINITY)
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 1.3, 200)) {
    const [run] = await readRuns(context.sql, [id])
    if (!run) throw new TqError('NOT_FOUND', `there is no run ${id}`)
    if (ended(run.state)) return { run, ...((await readRoot(context.sql, id)) ?? { output: null, error: null }) }
    signal.throwIfAborted()
    if (performance.now() > until)
      throw new TqError(
        'TIMEOUT',
        `run ${shortId(id)} is still ${run.state} after ${timeoutMs} ms; it goes on: tq wait ${shortId(id)}`,
      )
    await sleep(pauseMs, undefined, { signal }).catch(() => {})
  }
}

/** What stands for a run, whatever its id is. */
export const runAliases = ['@latest', '@failed']

/** The run that people mean: a whole id, an ending of at least 4 characters that is unique, `@latest` or `@failed`. */
export const resolveRun = async (context: Context, typed: string): Promise<string> => {
  const { namespace } = context
  if (typed === '@latest' || typed === '@failed') {
    const [run] = await latestRun(context.sql, { namespace, ...(typed === '@failed' ? { state: 'failed' } : {}) })
    if (!run)
      throw new TqError(
        'NOT_FOUND',
        `there is no ${typed === '@failed' ? 'failed ' : ''}run yet; start one: tq run WORKFLOW`,
      )
    return run.id
  }
  if (typed.startsWith('@')) throw new TqError('NOT_FOUND', `"${typed}" stands for no run${oneOf(typed, runAliases)}`)
  const parsed = parseId(typed)
  if (!parsed)
    throw new TqError(
      'NOT_FOUND',
      `"${typed}" is no run's id; write the last characters of one, four or more, ${runAliases.join(' or ')}`,
    )
  if ('uuid' in parsed) return parsed.uuid
  const found = await findRuns(context.sql, { namespace, ending: parsed.ending })
  if (found.length === 0) throw new TqError('NOT_FOUND', `no run's id ends in "${typed}"; \`tq get runs\` lists them`)
  if (found.length > 1) throw new TqError('AMBIGUOUS', `several runs' ids end in "${typed}"; write more of it`)
  return found[0]!.id
}
