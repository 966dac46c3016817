import type { JsonObject } from '../../model/json.ts'
import { formatMoment } from '../../model/schedule/moment.ts'
import { nextSlot, previousSlot } from '../../model/schedule/timing.ts'
import type { Schedule } from './policy.ts'

/**
 * What the expressions of a Schedule see as `trigger`, for one fire time. Those before and after are computed where they
 * are asked for.
 *
 * @param at when it is to start: the fire time with its jitter
 */
export const seenAt = ({ trigger, timing }: Schedule, slot: number, at: number): JsonObject => ({
  kind: 'schedule',
  name: trigger.name,
  time: formatMoment(slot),
  scheduledFor: formatMoment(at),
  get previous() {
    const before = previousSlot(timing, slot)
    return before === null ? null : formatMoment(before)
  },
  get next() {
    const after = nextSlot(timing, slot)
    return after === null ? null : formatMoment(after)
  },
})
