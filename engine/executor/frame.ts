import type { JobError } from '../model/errors.ts'
import type { LogLine, Work } from './work.ts'

/**
 * The pipes between the pool and a child: lines of JSON, one frame each, from the pool on fd 3, from the child on fd 4.
 * A frame holds many jobs or messages, because a line costs 2 µs and a message in it a tenth.
 *
 * Inputs stand in the frame as they are, so the child parses them with it; outputs travel as strings, so the pool never
 * parses them.
 */
export type ToChild = { run: Job[] } | { abort: number; reason: AbortReason } | { release: true }
export type AbortReason = 'Timeout' | 'Cancelled'

/** key, handler, input, attempt, idempotencyKey, run, job, task, timeoutMs (0: none). */
export type Job = [number, string, unknown, number, string, string, string, string, number]

export type FromChild =
  | ['ok', key: number, ranMs: number, code: string, output: string]
  | ['failed', key: number, ranMs: number, code: string, error: JobError]
  | ['started', key: number]
  | ['log', key: number | null, level: LogLine['level'], message: string, fields?: Record<string, unknown>]
  | ['progress', key: number, fraction: number, text?: string]
  /** Loaded, reads frames. */
  | ['ready']
  /** Answers `release`: these will not start. */
  | ['released', keys: number[]]
  /** Wants to be replaced after what it holds. */
  | ['retire', why: string]
  /** A handler called `process.exit`; the attempt, where one can be named. */
  | ['exit', key: number | null, code: number]

const jobsPerFrame = 64

/** The frames for some work, at most 64 jobs each. */
export const encodeWork = (work: Work[]): string => {
  let text = ''
  for (let from = 0; from < work.length; from += jobsPerFrame) {
    const jobs = work.slice(from, from + jobsPerFrame).map(encodeJob)
    text += `{"run":[${jobs.join(',')}]}\n`
  }
  return text
}

const encodeJob = (work: Work): string => {
  // A newline in JSON text can only stand between tokens.
  const input = work.input.includes('\n') ? work.input.replaceAll('\n', ' ') : work.input
  const rest = [work.attempt, work.idempotencyKey, work.run, work.job, work.task, work.timeoutMs ?? 0]
  return `[${work.key},${JSON.stringify(work.handler)},${input},${JSON.stringify(rest).slice(1)}`
}

/** @returns a function that takes chunks of text and calls `onLine` with each whole line */
export const splitLines = (onLine: (line: string) => void): ((chunk: string) => void) => {
  let rest: string[] = []
  return chunk => {
    let from = 0
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', from)) {
      const line = chunk.slice(from, end)
      from = end + 1
      if (rest.length === 0) onLine(line)
      else {
        const whole = rest.join('') + line
        rest = []
        onLine(whole)
      }
    }
    if (from < chunk.length) rest.push(chunk.slice(from))
  }
}
