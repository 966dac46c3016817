/** What a run is in (semantics R1). Pausing is a flag, not a state. */
export const runStates = ['queued', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled'] as const
export type RunState = (typeof runStates)[number]

/** What a job is in, as people see it (semantics R2). */
export const jobStates = [
  'blocked',
  'scheduled',
  'queued',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
  'omitted',
] as const
export type JobState = (typeof jobStates)[number]

/** The states a job ends in: those an outcome has. */
export const endStates = ['succeeded', 'failed', 'cancelled', 'skipped', 'omitted'] as const
export type EndState = (typeof endStates)[number]

/**
 * What an unfinished job's row says. `ready` is queued while no worker's session holds the job, running while one
 * does: a claim changes no column that an index names.
 */
export const phases = ['blocked', 'ready', 'scheduled', 'waiting'] as const
export type Phase = (typeof phases)[number]

export const ended = (state: RunState): boolean => state === 'succeeded' || state === 'failed' || state === 'cancelled'
