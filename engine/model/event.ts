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
 * Added to a code where the same fact also says that the job was claimed, or that its handler was started: most jobs are
 * through before anybody could have been told, and one fact costs less than three.
 */
export const alsoClaimed = 64
export const alsoStarted = 128
export const alsoBoth = alsoClaimed + alsoStarted

/** The events that a stored code stands for, in their order. */
export const typesOf = (what: number): EventType[] => {
  const type = eventTypes[(what % alsoClaimed) as EventCode]
  if (!type) return []
  return [
    ...(what & alsoClaimed ? (['job.claimed'] as const) : []),
    ...(what & alsoStarted ? (['job.started'] as const) : []),
    type,
  ]
}

const endCodes: { [State in EndState]: number } = {
  succeeded: code['job.succeeded'],
  failed: code['job.failed'],
  cancelled: code['job.cancelled'],
  skipped: code['job.skipped'],
  omitted: code['job.omitted'],
}

/** What a job's end is written as; `untold`: of alsoClaimed and alsoStarted what is still to be said. */
export const endCode = (state: EndState, untold: number): number => endCodes[state] + untold

/** The code that says by itself what is still to be said; 0: nothing. */
export const toSay = (untold: number): number =>
  untold & alsoStarted ? code['job.started'] + (untold & alsoClaimed) : untold ? code['job.claimed'] : 0
