import { backoffMs, retryable } from '../model/backoff.ts'
import type { JobError } from '../model/errors.ts'
import type { JsonObject } from '../model/json.ts'
import type { HeldJob } from '../store/job.ts'
import { type Action, type Attempt, type Decision, end, openBlock } from './action.ts'
import type { LoadedPlan } from './plans.ts'

/**
 * From a decision to the job's end (semantics R6): tried again, else its own onError, else its finally block, else the end.
 *
 * @param stage how far the job had come: its work is through; its onError block has run; its finally block has run
 */
export const finish = (
  job: HeldJob,
  loaded: LoadedPlan,
  decision: Decision,
  attempt: Attempt,
  stage: 'work' | 'onError' | 'finally' = 'work',
): Action => {
  const node = loaded.nodes[job.node]!
  const error = decision.error as JobError | null
  if (stage === 'work' && decision.state === 'failed' && error) {
    if (!job.doomed && !decision.last && retryable(node.retry, error, job.failures)) {
      const delayMs = backoffMs(node.retry!, job.failures + 1)
      if (node.kind !== 'task') return { do: 'retryScope', job, delayMs }
      const { run, n, attempt: number } = job
      return {
        do: 'retry',
        job,
        retry: { run, n, attempt: number, delayMs, lost: false, error: JSON.stringify(error), ...attempt },
      }
    }
    const entry = node.onError?.find(handler => !handler.on || handler.on.includes(error.name))
    if (entry && !job.doomed)
      return openBlock(
        job,
        loaded,
        entry.block,
        { ...kept(decision), stage: 'onError', block: entry.block, recover: entry.recover },
        ended(node.kind, decision, attempt),
      )
  }
  if (stage !== 'finally' && node.finally !== undefined && decision.state !== 'skipped')
    return openBlock(
      job,
      loaded,
      node.finally,
      { ...kept(decision), stage: 'finally' },
      stage === 'work' ? ended(node.kind, decision, attempt) : undefined,
    )
  return end(job, loaded, decision, attempt)
}

/** A task's attempt that leads into a block has its outcome now; the job's own comes when the block has ended. */
const ended = (kind: string, decision: Decision, attempt: Attempt) =>
  kind === 'task' && (decision.state === 'succeeded' || decision.state === 'failed')
    ? {
        input: attempt.input,
        output: decision.state === 'succeeded' ? (decision.outputText ?? JSON.stringify(decision.output)) : null,
        error: decision.error === null ? null : JSON.stringify(decision.error),
        state: decision.state,
        ranMs: attempt.ranMs,
        code: attempt.code,
        untold: attempt.untold,
      }
    : undefined

const kept = ({ state, output, outputText, error, errors, warnings, last }: Decision): JsonObject => ({
  state,
  output: outputText === undefined ? output : JSON.parse(outputText),
  error,
  ...(errors ? { errors } : {}),
  ...(warnings ? { warnings } : {}),
  ...(last ? { last } : {}),
})
