import type { ScheduleSpec } from '../../../schemas/manifest.types.ts'
import { jitterOf } from '../../model/schedule/identity.ts'
import { nextSlot } from '../../model/schedule/timing.ts'
import type { Trigger } from '../../model/trigger.ts'
import { type NewState, readStates, type ScheduleState, storePlansOf, storeStates } from '../../store/schedule.ts'
import type { Sql } from '../../store/sql.ts'
import { openKnown } from './known.ts'
import { type Schedule, scheduleOf } from './policy.ts'

/**
 * Takes applied schedules into the beat's table. A new one begins with the first fire time after now. One that fires at the same
 * times as before stays where it is; where the times have changed, it goes on with the first of the new ones, and what
 * is due by then fires as it would have.
 */
export const registerSchedules = async (
  sql: Sql,
  { namespace, triggers }: { namespace: string; triggers: { trigger: Trigger; plan: number }[] },
): Promise<void> => {
  if (triggers.length === 0) return
  const { now, states } = await readStates(sql, { namespace, names: triggers.map(one => one.trigger.name) })
  const before = new Map(states.map(state => [state.name, state]))
  const known = await openKnown(() => {}).schedules(
    sql,
    states.map(state => state.plan),
  )
  const fresh: NewState[] = []
  const same: { name: string; plan: number }[] = []
  for (const { trigger, plan } of triggers) {
    const schedule = scheduleOf(trigger)
    const state = before.get(trigger.name)
    const old = state && known.get(state.plan)
    if (old && old.timing.key === schedule.timing.key && old.jitterMs === schedule.jitterMs)
      same.push({ name: trigger.name, plan })
    else fresh.push(stateOf(namespace, schedule, plan, now, state))
  }
  if (same.length > 0) await storePlansOf(sql, { namespace, plans: same })
  if (fresh.length > 0) await storeStates(sql, { namespace, states: fresh })
}

const stateOf = (
  namespace: string,
  schedule: Schedule,
  plan: number,
  now: number,
  before: ScheduleState | undefined,
): NewState => {
  const { name, spec } = schedule.trigger
  const isDue = before !== undefined && before.slot !== null && before.slot <= now
  const slot = isDue ? before.slot : nextSlot(schedule.timing, Math.max(now, before?.lastSlot ?? now))
  return {
    name,
    plan,
    ...placeAt(namespace, schedule, slot),
    paused: (spec as unknown as ScheduleSpec).paused === true,
  }
}

/** A fire time, and when it is to start. */
export const placeAt = (
  namespace: string,
  { trigger: { name }, jitterMs }: Schedule,
  slot: number | null,
): { slot: number | null; nextAt: number | null } => ({
  slot,
  nextAt: slot === null ? null : slot + jitterOf({ namespace, name }, slot, jitterMs),
})
