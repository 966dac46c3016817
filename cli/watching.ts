import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Context,
  type JobError,
  printId,
  type RunResult,
  type RunState,
  shortId,
  TqError,
  wait,
  watch,
} from '../engine/reader.ts'
import type { Io } from './io.ts'
import { openLines } from './lines.ts'
import { span } from './output.ts'
import { errorLine, icon, plainLines } from './progress.ts'
import { watchStuck } from './stuck.ts'
import { openTree } from './tree.ts'
import { yamlText } from './yaml.ts'

/** Follows a run to its end, prints its output, and gives the exit code of its state. Ctrl-C leaves the run going. */
export const finishWatching = async (
  io: Io,
  context: Context,
  id: string,
  { timeoutMs, show, format }: { timeoutMs?: number; show: boolean; format: string | undefined },
): Promise<number> => {
  const timeout = timeoutMs === undefined ? null : AbortSignal.timeout(timeoutMs)
  const signal = timeout ? AbortSignal.any([io.signal, timeout]) : io.signal
  const over = new AbortController()
  const telling = watchStuck(io, context, id, AbortSignal.any([signal, over.signal]))
  try {
    return await follow(io, context, id, { signal, timeout, timeoutMs, show, format })
  } finally {
    over.abort()
    await telling
  }
}

const follow = async (
  io: Io,
  context: Context,
  id: string,
  {
    signal,
    timeout,
    timeoutMs,
    show,
    format,
  }: {
    signal: AbortSignal
    timeout: AbortSignal | null
    timeoutMs: number | undefined
    show: boolean
    format: string | undefined
  },
): Promise<number> => {
  if (show) {
    const view = io.terminal ? openTree(io) : openLines(io)
    for await (const snapshot of watch(context, id, signal, {
      onLost: error =>
        io.err(`the database is away (${error.message}); still asking, the run goes on without this terminal`),
      onFound: () => io.err('the database is back'),
    }))
      view.show(snapshot)
    view.end()
  }
  if (io.signal.aborted) return detached(io, context, id, show)
  if (timeout?.aborted)
    throw new TqError('TIMEOUT', `run ${shortId(id)} has not ended yet; it goes on: tq watch ${shortId(id)}`)
  try {
    return printEnd(
      io,
      await wait(context, id, { signal: io.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
      format,
    )
  } catch (error) {
    if (io.signal.aborted) return detached(io, context, id, show)
    throw error
  }
}

/** How long after Ctrl-C another one is about the run, ms. */
const againMs = 2000

/** Says how to come back. Where somebody is at the terminal and presses Ctrl-C once more, asks whether to cancel the run. */
const detached = async (io: Io, context: Context, id: string, show: boolean): Promise<number> => {
  const short = shortId(id)
  const way = `tq ${show ? 'watch' : 'wait'} ${short}`
  io.err(`detached; run ${short} goes on. Come back: ${way}   stop it: tq cancel ${short}`)
  if (!io.interactive) return 130
  const again = Promise.withResolvers<true>()
  io.onSecondSignal(() => again.resolve(true))
  if (!(await Promise.race([again.promise, sleep(againMs, false)]))) return 130
  io.onSecondSignal(() => process.exit(130))
  if (!(await agreed(`cancel run ${short}? [y/N] `))) return 130
  const { cancelRun } = await import('../engine/client.ts')
  await cancelRun(context, { run: id, reason: 'cancelled by hand' })
  io.err(`run ${short} is being cancelled; see: ${way}`)
  return 130
}

const agreed = async (question: string): Promise<boolean> => {
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  const given = await Promise.race([asking.question(question), once(asking, 'close').then(() => '')])
  asking.close()
  return /^y(es)?$/i.test(given.trim())
}

/** The output on stdout; how it went on stderr. */
export const printEnd = (io: Io, { run, output, error }: RunResult, format: string | undefined): number => {
  const failure = error as JobError | null
  const id = shortId(run.id)
  const told = { id: printId(run.id), workflow: run.name, state: run.state, warnings: run.warnings, output, error }
  printResult(io, format, told, printId(run.id), null)
  if (format === undefined || format === 'table') {
    if (output !== null) io.out(typeof output === 'string' ? plainLines(output) : JSON.stringify(output, null, 2))
    const warnings = run.warnings
      ? `, ${run.warnings} warning${run.warnings === 1 ? '' : 's'} (failures that were allowed)`
      : ''
    const took = span((run.ended_at ?? new Date()).getTime() - run.started_at.getTime())
    if (run.state === 'succeeded') io.err(`${io.paint('green', '✓')} ${run.name} ${id} succeeded in ${took}${warnings}`)
    else {
      const at = failure ? `: ${failure.step ? `${failure.step}: ` : ''}${errorLine(failure)}` : ''
      io.err(`${io.paint('red', icon(run.state))} ${run.name} ${id} ${run.state} after ${took}${at}${warnings}`)
      io.err(`  logs: tq logs ${id}${failure?.step ? `/${quoted(failure.step)}` : ''}   all: tq describe run ${id}`)
    }
  }
  // A step that ran too long is a failure like others; without a step it is the run's own deadline.
  return exitOf(run.state, failure && !failure.step ? failure.name : '')
}

/** As a shell takes it: zsh reads `second[1]` as a pattern. */
export const quoted = (step: string): string => (/[^\w/.-]/.test(step) ? `'${step}'` : step)

export const printResult = (
  io: Io,
  format: string | undefined,
  data: unknown,
  name: string,
  human: string | null,
): void => {
  if (format === 'json') io.out(JSON.stringify(data, null, 2))
  else if (format === 'yaml') io.out(yamlText(data))
  else if (format === 'name') io.out(name)
  else if (human !== null) io.out(human)
}

const exitOf = (state: RunState, error: string): number =>
  state === 'succeeded' ? 0 : state === 'cancelled' ? 4 : error === 'Timeout' ? 5 : 3
