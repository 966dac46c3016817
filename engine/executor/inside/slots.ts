import { AsyncLocalStorage } from 'node:async_hooks'
import type { JobError } from '../../model/errors.ts'
import type { AbortReason, Job } from '../frame.ts'
import { abortAttempt, abortedError, contextOf, newAttempt } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import { toJobError } from './error.ts'
import { loadHandler } from './handler.ts'
import type { Loaded } from './handler.ts'
import type { Outbox } from './outbox.ts'
import { encodeOutput } from './output.ts'

/** The attempt whose code runs now, also in what it left behind: timers, promises, `process.exit`. */
export const currentAttempt = new AsyncLocalStorage<Attempt>()

export type Slots = {
  add(jobs: Job[]): void
  abort(key: number, reason: AbortReason): void
  /** Forgets what has not started. @returns its keys */
  release(): number[]
  /** Ends an attempt from outside its handler, also one whose output is not yet written. @returns false: too late */
  fail(attempt: Attempt, error: JobError): boolean
  /** Tells the pool of attempts that have started and not ended. */
  announce(): void
  running: ReadonlySet<Attempt>
}

/** After so much time in one turn of the event loop, ms, the next attempt waits for the next turn. */
const sliceMs = 5
/** A handler is known after so many runs. */
const knownRuns = 100
/** Handlers that take longer, ms, can pay for a turn and a write of their own. */
const quickMs = 0.05

/**
 * Runs jobs in the order they came, `slots` at once. Results of quick, known handlers leave once per turn of the event
 * loop. Before any other handler starts, what is finished is written and the start announced, so that the pool knows
 * who killed the process; and after it ends the loop turns, so that a rejection nobody awaited is found to be its own.
 */
export const openSlots = (slots: number, handlersDir: string, outbox: Outbox): Slots => {
  let queue: Job[] = []
  let next = 0
  let turning = false
  let pumping = false
  let sliceFrom = performance.now()
  const running = new Set<Attempt>()
  const loaded = new Map<string, Loaded>()

  const pump = () => {
    if (pumping) return
    pumping = true
    while (!turning && next < queue.length && running.size < slots) start(queue[next++]!)
    pumping = false
    if (next === queue.length) {
      queue = []
      next = 0
    }
  }
  const turn = () => {
    if (turning) return
    turning = true
    setImmediate(() => {
      turning = false
      sliceFrom = performance.now()
      pump()
    })
  }
  const start = (job: Job) => {
    const attempt = newAttempt(job, performance.now())
    running.add(attempt)
    const handler = loaded.get(job[1])
    if (handler) return invoke(attempt, handler)
    outbox.flush()
    currentAttempt.run(attempt, () =>
      loadHandler(handlersDir, job[1]).then(
        result => {
          if ('error' in result) return end(attempt, undefined, { error: result.error })
          if (!loaded.has(job[1])) loaded.set(job[1], result)
          attempt.startedAt = performance.now()
          invoke(attempt, loaded.get(job[1])!)
        },
        error => end(attempt, undefined, { error: toJobError(error) }),
      ),
    )
  }
  const invoke = (attempt: Attempt, handler: Loaded) => {
    if (attempt.ended) return
    // Its time was up, or it was cancelled, while its handler was loaded.
    if (attempt.aborted) return end(attempt, handler, { value: null })
    if (careful(handler)) outbox.flush()
    try {
      const result = currentAttempt.run(attempt, handler.handler, attempt.job[2], contextOf(attempt, outbox))
      if (!isPromise(result)) return end(attempt, handler, { value: result })
      outbox.schedule()
      result.then(
        value => end(attempt, handler, { value }),
        error => end(attempt, handler, { error: toJobError(error) }),
      )
    } catch (error) {
      end(attempt, handler, { error: toJobError(error) })
    }
  }
  const end = (attempt: Attempt, handler: Loaded | undefined, result: { value: unknown } | { error: JobError }) => {
    if (attempt.ended) return
    const now = performance.now()
    const ranMs = handler ? Math.round((now - attempt.startedAt) * 1000) / 1000 : 0
    const code = handler?.code ?? ''
    if (handler) {
      handler.runs += 1
      handler.averageMs += (ranMs - handler.averageMs) * 0.1
    }
    finish(attempt)
    const output = 'error' in result ? result : attempt.aborted ? undefined : encodeOutput(result.value)
    if (attempt.aborted) outbox.put(['failed', attempt.key, ranMs, code, abortedError(attempt, attempt.aborted)])
    else if (output && 'text' in output) outbox.putOk(attempt.key, ranMs, code, output.text)
    else outbox.put(['failed', attempt.key, ranMs, code, output!.error])
    if (!handler || careful(handler) || now - sliceFrom > sliceMs) turn()
    pump()
  }
  const finish = (attempt: Attempt) => {
    attempt.ended = true
    clearTimeout(attempt.timer)
    running.delete(attempt)
  }
  return {
    running,
    add: jobs => {
      queue = next === queue.length ? jobs : [...queue.slice(next), ...jobs]
      next = 0
      if (!turning) sliceFrom = performance.now()
      pump()
    },
    abort: (key, reason) => {
      for (const attempt of running) if (attempt.key === key) return abortAttempt(attempt, reason)
      const at = queue.findIndex((job, index) => index >= next && job[0] === key)
      if (at === -1) return
      const [job] = queue.splice(at, 1)
      outbox.put(['failed', job![0], 0, '', { name: reason, message: 'was stopped before it started' }])
    },
    release: () => {
      const keys = queue.slice(next).map(job => job[0])
      queue = []
      next = 0
      return keys
    },
    fail: (attempt, error) => {
      if (attempt.ended && !outbox.takeBack(attempt.key)) return false
      finish(attempt)
      outbox.put(['failed', attempt.key, Math.round(performance.now() - attempt.startedAt), '', error])
      attempt.controller?.abort(new Error(error.message))
      turn()
      return true
    },
    announce: () => {
      for (const attempt of running) {
        if (attempt.announced) continue
        attempt.announced = true
        outbox.put(['started', attempt.key])
        const limit = attempt.job[8]
        if (limit > 0) {
          const left = Math.max(0, limit - (performance.now() - attempt.startedAt))
          attempt.timer = setTimeout(abortAttempt, left, attempt, 'Timeout')
        }
      }
    },
  }
}

const careful = (handler: Loaded): boolean => handler.runs < knownRuns || handler.averageMs > quickMs

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
