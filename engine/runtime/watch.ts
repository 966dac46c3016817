import { setTimeout as sleep } from 'node:timers/promises'
import { TqError } from '../model/errors.ts'
import { parseId, shortId } from '../model/id.ts'
import type { Json } from '../model/json.ts'
import type { Plan } from '../model/plan.ts'
import { ended } from '../model/state.ts'
import { findRuns, latestRun, readRuns, type RunRow } from '../store/run.ts'
import { countNodes, type NodeCount, readRoot } from '../store/view.ts'
import type { Context } from './context.ts'

export type Snapshot = { run: RunRow; plan: Plan; nodes: NodeCount[] }
export type RunResult = { run: RunRow; output: Json; error: Json }

/** A run as it is now: the state of every node, counted. */
export const snapshot = async (context: Context, id: string): Promise<Snapshot> => {
  const [[run], nodes] = await Promise.all([readRuns(context.sql, [id]), countNodes(context.sql, id)])
  if (!run) throw new TqError('NOT_FOUND', `there is no run ${id}`)
  return { run, plan: (await context.plan(run.plan)).plan, nodes }
}

/**
 * Snapshots of a run until it has ended, the last one included. Looks every 100 ms, or more seldom where a look is costly:
 * watching takes at most a twentieth of the time.
 */
export async function* watch(context: Context, id: string, signal: AbortSignal): AsyncGenerator<Snapshot> {
  while (!signal.aborted) {
    const asked = performance.now()
    const now = await snapshot(context, id)
    yield now
    if (ended(now.run.state)) return
    await sleep(Math.max(100, 20 * (performance.now() - asked)), undefined, { signal }).catch(() => {})
  }
}

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
  const parsed = parseId(typed)
  if (!parsed)
    throw new TqError('NOT_FOUND', `"${typed}" is no run's id; write the last 8 characters or more, @latest or @failed`)
  if ('uuid' in parsed) return parsed.uuid
  const found = await findRuns(context.sql, { namespace, ending: parsed.ending })
  if (found.length === 0) throw new TqError('NOT_FOUND', `no run's id ends in "${typed}"; \`tq get runs\` lists them`)
  if (found.length > 1) throw new TqError('AMBIGUOUS', `several runs' ids end in "${typed}"; write more of it`)
  return found[0]!.id
}
