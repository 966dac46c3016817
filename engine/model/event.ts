import type { EndState } from './state.ts'

/**
 * Kinds of events, and their codes in the store. The codes of a job's end are those of its states, so that a settle can write
 * them without looking. Codes are kept for ever: rows have them.
 */
export const eventTypes = {
  1: 'job.queued',
  2: 'job.claimed',
  3: 'job.started',
  4: 'job.succeeded',
  5: 'job.failed',
  6: 'job.cancelled',
  7: 'job.skipped',
  8: 'job.omitted',
  9: 'job.retried',
  10: 'job.released',
  11: 'job.lost',
  20: 'run.started',
  21: 'run.cancelling',
  22: 'run.succeeded',
  23: 'run.failed',
  24: 'run.cancelled',
  30: 'worker.online',
  31: 'worker.heartbeat',
  32: 'worker.offline',
} as const

export type EventCode = keyof typeof eventTypes
export type EventType = (typeof eventTypes)[EventCode]

/** The code of an event type. */
export const code = Object.fromEntries(Object.entries(eventTypes).map(([number, type]) => [type, Number(number)])) as {
  [Type in EventType]: number
}

/**
 * Added to a code where the same fact also says that the job was claimed and its handler started: most jobs are through
 * before anybody could have been told, and one fact costs less than three.
 */
export const began = 64

/** The events that a stored code stands for, in their order. */
export const typesOf = (what: number): EventType[] => {
  const type = eventTypes[(what & ~began) as EventCode]
  if (!type) return []
  return what & began ? ['job.claimed', 'job.started', ...(type === 'job.started' ? [] : [type])] : [type]
}

const endCodes: { [State in EndState]: number } = {
  succeeded: code['job.succeeded'],
  failed: code['job.failed'],
  cancelled: code['job.cancelled'],
  skipped: code['job.skipped'],
  omitted: code['job.omitted'],
}

/** What a job's end is written as; `told`: others know already that it was claimed and started, or it never was. */
export const endCode = (state: EndState, told: boolean): number => endCodes[state] + (told ? 0 : began)
