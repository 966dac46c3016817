import type { JobError } from '../model/errors.ts'
import type { Json, JsonObject } from '../model/json.ts'
import type { EndState } from '../model/state.ts'
import type { HeldJob, Scope } from '../store/job.ts'
import type { LoopOpening, Opening } from '../store/open.ts'
import type { Retry, Route } from '../store/retry.ts'
import type { Ending, Refill } from '../store/settle.ts'
import type { LoadedPlan } from './plans.ts'

/** What is to be done with a held job: each is one row of one of the store's statements. */
export type Action =
  /** `read`: a successor may ask for its result soon. */
  | { do: 'end'; job: HeldJob; ending: Ending; refill: Refill | null; read: boolean }
  | { do: 'retry'; job: HeldJob; retry: Retry }
  | { do: 'retryScope'; job: HeldJob; delayMs: number }
  | { do: 'open'; job: HeldJob; opening: Opening; scope: Scope; takes: number; deadlineMs: number | null }
  | { do: 'loop'; job: HeldJob; loop: LoopOpening }
  | { do: 'route'; job: HeldJob; route: Route }
  | { do: 'postpone'; job: HeldJob; delayMs: number }
  | { do: 'release'; job: HeldJob; untold: number }

/**
 * What came of a job's work, before its handlers and finally block. `outputText`: the output as JSON text that nobody looked
 * into. `last`: no further try, whatever the retry policy says.
 */
export type Decision = {
  state: EndState
  output: Json
  outputText?: string
  error: Json
  errors?: Json[]
  warnings?: number
  last?: boolean
}

/** How an attempt went, for its outcome. `untold`: see Ending. */
export type Attempt = { input: string | null; ranMs: number; code: string | null; lost?: boolean; untold: number }

export const cancelled: Decision = {
  state: 'cancelled',
  output: null,
  error: { name: 'Cancelled', message: 'cancelled' },
}

export const noAttempt: Attempt = { input: null, ranMs: 0, code: null, untold: 0 }

/** Ends a job for good: its outcome, and by the plan what that means for its siblings and its parent. */
export const end = (job: HeldJob, loaded: LoadedPlan, decision: Decision, attempt: Attempt): Action => {
  const { state } = decision
  const node = loaded.nodes[job.node]!
  const bad = state === 'failed' || state === 'cancelled'
  const allowed = node.allowFailure === true && bad
  const found = loaded.follow(job.node, state, allowed)
  const number = (id: number) => id + job.base
  return {
    do: 'end',
    job,
    refill: refillOf(job, loaded),
    read: node.read === true && job.item === null && job.parent !== null,
    ending: {
      run: job.run,
      n: job.n,
      attempt: job.attempt,
      state,
      tells: node.tells,
      fails: bad && !allowed,
      warnings: (decision.warnings ?? 0) + (allowed && state === 'failed' ? 1 : 0),
      met: found.met.map(number),
      meets: found.meets.map(number),
      misses: found.misses.map(number),
      omits: found.omits.map(omit => ({ n: number(omit.n), tells: omit.tells, misses: omit.misses.map(number) })),
      take: true,
      lost: attempt.lost ?? false,
      input: attempt.input,
      output: state === 'succeeded' ? (decision.outputText ?? JSON.stringify(decision.output)) : null,
      error: decision.error === null ? null : JSON.stringify(decision.error),
      ranMs: attempt.ranMs,
      code: attempt.code,
      untold: attempt.untold,
    },
  }
}

/** Opens a block of the job (onError, finally); what is decided is kept on its row meanwhile. */
export const openBlock = (
  job: HeldJob,
  loaded: LoadedPlan,
  block: number,
  result: JsonObject,
  ended?: Opening['ended'],
): Action => ({
  do: 'open',
  job,
  scope: loaded.block(block),
  takes: 1,
  deadlineMs: null,
  opening: {
    run: job.run,
    n: job.n,
    attempt: job.attempt,
    pending: 1,
    innerBase: job.inner_base ?? job.base,
    base: job.base,
    result: JSON.stringify(result),
    always: result.stage === 'finally',
    begins: false,
    ...(ended ? { ended } : {}),
  },
})

export const jobError = (name: string, message: string): JobError => ({ name, message })

/** What the next items of the forEach that this job is an item of look like. */
const refillOf = (job: HeldJob, loaded: LoadedPlan): Refill | null => {
  const loop = loaded.nodes[job.node]!.parent
  if (job.parent === null || job.item === null || loaded.nodes[loop]?.kind !== 'forEach') return null
  return { run: job.run, n: job.parent, ...itemShape(loaded, loop) }
}

/** The child of a forEach as its items' rows have it. */
export const itemShape = (
  loaded: LoadedPlan,
  loop: number,
): { node: number; stride: number; queue: number; rank: number } => {
  const node = loop + 1
  return { node, stride: loaded.nodes[node]!.end - node, queue: loaded.queueOf(node), rank: loaded.rankOf(node) }
}
