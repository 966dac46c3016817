import { inspect } from 'node:util'
import type { AbortReason, Job } from '../frame.ts'
import type { LogLine } from '../work.ts'
import type { Context } from '../../task.ts'
import type { JobError } from '../../model/errors.ts'
import type { Outbox } from './outbox.ts'
import { clean } from './error.ts'

/** An attempt that has started in this process. */
export type Attempt = {
  key: number
  job: Job
  /** `performance.now()` when it started, and again when its handler was loaded. */
  startedAt: number
  /** The pool has been told that it started. */
  announced: boolean
  ended: boolean
  aborted?: AbortReason
  controller?: AbortController
  timer?: NodeJS.Timeout
  logged: number
}

export const newAttempt = (job: Job, now: number): Attempt => ({
  key: job[0],
  job,
  startedAt: now,
  announced: false,
  ended: false,
  logged: 0,
})

/** What the handler is given. The abort controller is made when it is first asked for: most handlers never do. */
export const contextOf = (attempt: Attempt, outbox: Outbox): Context => {
  const [, , , tries, idempotencyKey, run, job, task] = attempt.job
  return {
    get signal() {
      return controllerOf(attempt).signal
    },
    attempt: tries,
    idempotencyKey,
    run,
    job,
    task,
    log: (message, fields) => writeLog(attempt, outbox, 'info', message, fields),
    progress: (fraction, text) => {
      if (attempt.ended) return
      const share = Math.min(1, Math.max(0, Number(fraction) || 0))
      outbox.putProgress(attempt.key, share, text === undefined ? undefined : clean(String(text), 1000))
    },
  }
}

const controllerOf = (attempt: Attempt): AbortController => {
  if (!attempt.controller) {
    attempt.controller = new AbortController()
    if (attempt.aborted) attempt.controller.abort(abortError(attempt, attempt.aborted))
  }
  return attempt.controller
}

/** Asks the handler to stop. Whatever it ends with from now on, the attempt failed for this reason. */
export const abortAttempt = (attempt: Attempt, reason: AbortReason): void => {
  if (attempt.aborted) return
  attempt.aborted = reason
  attempt.controller?.abort(abortError(attempt, reason))
}

const abortError = (attempt: Attempt, reason: AbortReason): Error => {
  const error = new Error(abortedError(attempt, reason).message)
  error.name = reason
  return error
}

export const abortedError = (attempt: Attempt, reason: AbortReason): JobError => {
  const limit = attempt.job[8]
  const timeout = limit > 0 ? `ran longer than its limit of ${limit} ms` : 'ran longer than it may'
  return { name: reason, message: reason === 'Timeout' ? timeout : 'was cancelled while it ran' }
}

const maxLogged = 1024 * 1024

/**
 * Sends a line of an attempt's log, up to 1 MiB for each attempt; without an attempt, of the process. It is written at
 * once, so that what was printed before a crash is not lost with it.
 */
export const writeLog = (
  attempt: Attempt | undefined,
  outbox: Outbox,
  level: LogLine['level'],
  message: string,
  fields?: Record<string, unknown>,
): void => {
  const text = clean(String(message), 65_536)
  const data = fields === undefined ? undefined : plain(fields)
  const key = attempt?.key ?? null
  if (attempt) {
    if (attempt.logged > maxLogged) return
    attempt.logged += text.length + (data ? JSON.stringify(data).length : 0) + 1
    if (attempt.logged > maxLogged) {
      outbox.put(['log', key, 'warn', 'the log ends here: this attempt wrote more than 1 MiB'])
      return
    }
  }
  outbox.put(data ? ['log', key, level, text, data] : ['log', key, level, text])
  outbox.flush()
}

/** Fields as JSON; where they are none, as text. */
const plain = (fields: Record<string, unknown>): Record<string, unknown> => {
  try {
    const text = JSON.stringify(fields)
    if (text.length < 65_536 && !text.includes('\\u0000')) return fields
  } catch {
    // Shown below.
  }
  return { value: clean(inspect(fields, { depth: 3 }), 8192) }
}
