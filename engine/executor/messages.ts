import type { AbortReason, FromChild } from './frame.ts'
import { drop, restart } from './held.ts'
import type { Child } from './held.ts'
import { record } from './pace.ts'
import type { Pace } from './pace.ts'
import type { LogLine, Progress, Result } from './work.ts'

/** What a frame of a child's messages comes to, beside what it changes in the child's record. */
export type Received = {
  results: Result[]
  released: number[]
  lines: LogLine[]
  progress: Progress[]
  ready: boolean
  retire: boolean
}

/** Takes a frame of messages into the record of the child and the averages. */
export const receiveMessages = (child: Child, messages: FromChild[], pace: Pace): Received => {
  const received: Received = { results: [], released: [], lines: [], progress: [], ready: false, retire: false }
  for (const message of messages) {
    switch (message[0]) {
      case 'ok':
      case 'failed':
        settle(child, message, pace, received.results)
        break
      case 'started':
        restart(child, message[1], message[2], performance.now())
        break
      case 'log': {
        const [, key, level, text, fields] = message
        received.lines.push({ key, level, message: text, ...(fields && { fields }) })
        break
      }
      case 'progress': {
        const [, key, fraction, text] = message
        received.progress.push({ key, fraction, ...(text !== undefined && { text }) })
        break
      }
      case 'ready':
        child.ready = true
        received.ready = true
        break
      case 'released':
        child.asked = false
        for (const key of message[1]) release(child, key, received)
        break
      case 'retire':
        received.retire = true
        break
      case 'exit':
        child.exiting = { key: message[1], code: message[2] }
        break
    }
  }
  return received
}

const settle = (
  child: Child,
  message: FromChild & ['ok' | 'failed', ...unknown[]],
  pace: Pace,
  results: Result[],
): void => {
  const [, key, ranMs, code] = message
  const held = drop(child, key)
  if (!held) return
  child.ran += 1
  // Without a code no handler has run.
  if (code !== '') record(pace, held.work.handler, ranMs)
  if (message[0] === 'ok') results.push({ key, ok: true, output: message[4], ranMs, code })
  else results.push({ key, ok: false, error: message[4], ranMs, ...(code && { code }) })
}

/** What a child did not start is free; what was aborted meanwhile has ended. */
const release = (child: Child, key: number, received: Received): void => {
  const held = drop(child, key)
  if (held?.abort) received.results.push(unstartedResult(key, held.abort.reason))
  else if (held) received.released.push(key)
}

/** The end of an attempt that was aborted before it started. */
export const unstartedResult = (key: number, reason: AbortReason): Result => ({
  key,
  ok: false,
  error: { name: reason, message: 'was stopped before it started' },
  ranMs: 0,
})
