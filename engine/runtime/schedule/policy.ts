import type { ScheduleSpec } from '../../../schemas/manifest.types.ts'
import { parseDuration } from '../../model/duration.ts'
import { timingOf, type Timing } from '../../model/schedule/timing.ts'
import type { Trigger } from '../../model/trigger.ts'

/** A trigger of kind Schedule, read: what the beat works with. */
export type Schedule = {
  trigger: Trigger
  timing: Timing
  jitterMs: number
  overlap: 'skip' | 'queue' | 'allow' | 'cancel-running'
  catchUp: { policy: 'none' | 'last' | 'each'; withinMs: number; concurrency: number }
}

/** So late may a run start, ms, without its fire time counting as missed: then `catchUp` says what becomes of it. */
export const graceMs = 120_000

export const scheduleOf = (trigger: Trigger): Schedule => {
  const spec = trigger.spec as unknown as ScheduleSpec
  const given = spec.catchUp ?? {}
  const { policy = 'last', within, concurrency = 1 } = typeof given === 'string' ? { policy: given as 'last' } : given
  const unbounded = policy === 'each' ? 86_400_000 : Number.POSITIVE_INFINITY
  return {
    trigger,
    timing: timingOf(spec),
    jitterMs: parseDuration(spec.jitter ?? '0s') ?? 0,
    overlap: spec.overlap ?? 'allow',
    catchUp: { policy, withinMs: within === undefined ? unbounded : parseDuration(within)!, concurrency },
  }
}
