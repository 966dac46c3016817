import { stringify } from 'yaml'
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
} from '../engine/client.ts'
import type { Io } from './io.ts'
import { openLines } from './lines.ts'
import { span } from './output.ts'
import { errorLine, icon } from './progress.ts'
import { openTree } from './tree.ts'

/** Follows a run to its end, prints its output, and gives the exit code of its state. Ctrl-C leaves the run going. */
export const finishWatching = async (
  io: Io,
  context: Context,
  id: string,
  { timeoutMs, show, format }: { timeoutMs?: number; show: boolean; format: string | undefined },
): Promise<number> => {
  const timeout = timeoutMs === undefined ? null : AbortSignal.timeout(timeoutMs)
  const signal = timeout ? AbortSignal.any([io.signal, timeout]) : io.signal
  if (show) {
    const view = io.terminal ? openTree(io) : openLines(io)
    for await (const snapshot of watch(context, id, signal)) view.show(snapshot)
    view.end()
  }
  if (io.signal.aborted) return detached(io, id)
  if (timeout?.aborted)
    throw new TqError('TIMEOUT', `run ${shortId(id)} has not ended yet; it goes on: tq wait ${shortId(id)}`)
  try {
    return printEnd(
      io,
      await wait(context, id, { signal: io.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
      format,
    )
  } catch (error) {
    if (io.signal.aborted) return detached(io, id)
    throw error
  }
}

const detached = (io: Io, id: string): number => {
  io.err(`detached; run ${shortId(id)} goes on. Come back: tq wait ${shortId(id)}   stop it: tq cancel ${shortId(id)}`)
  return 130
}

/** The output on stdout; how it went on stderr. */
export const printEnd = (io: Io, { run, output, error }: RunResult, format: string | undefined): number => {
  const failure = error as JobError | null
  const id = shortId(run.id)
  const told = { id: printId(run.id), workflow: run.name, state: run.state, warnings: run.warnings, output, error }
  printResult(io, format, told, printId(run.id), null)
  if (format === undefined || format === 'table') {
    if (output !== null) io.out(typeof output === 'string' ? output : JSON.stringify(output, null, 2))
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
const quoted = (step: string): string => (/[^\w/.-]/.test(step) ? `'${step}'` : step)

export const printResult = (
  io: Io,
  format: string | undefined,
  data: unknown,
  name: string,
  human: string | null,
): void => {
  if (format === 'json') io.out(JSON.stringify(data, null, 2))
  else if (format === 'yaml') io.out(stringify(data).trimEnd())
  else if (format === 'name') io.out(name)
  else if (human !== null) io.out(human)
}

const exitOf = (state: RunState, error: string): number =>
  state === 'succeeded' ? 0 : state === 'cancelled' ? 4 : error === 'Timeout' ? 5 : 3
