import { jitterOf, type ScheduleId } from '../../model/schedule/identity.ts'
import { formatMoment } from '../../model/schedule/moment.ts'
import { nextSlot, previousSlot, type Timing } from '../../model/schedule/timing.ts'
import type { DueSchedule, Problem } from '../../store/schedule.ts'
import { graceMs, type Schedule } from './policy.ts'

/** What is to be done about a schedule whose time has come. */
export type Verdict = {
  /** Fire times that get a run now. */
  fires: number[]
  /** The next fire time, and when to look at it. */
  slot: number | null
  nextAt: number | null
  /** Fire times that get none, and why. */
  dropped: number
  problem: Problem | null
  /** Runs that are to end first. */
  cancels: string[]
}

/** At most so many runs of one schedule in one transaction. */
const maxFires = 100
/** How often an open run is looked at that others wait for, ms. */
const lookMs = 250

/** Decides by the policies of a schedule, its open runs and the time. Pure. */
export const decide = (id: ScheduleId, schedule: Schedule, due: DueSchedule): Verdict => {
  const verdict: Verdict = { fires: [], slot: due.slot, nextAt: null, dropped: 0, problem: null, cancels: [] }
  const atOf = (slot: number): number => slot + jitterOf(id, slot, schedule.jitterMs)
  const queues = schedule.overlap === 'queue'
  const isMissed = (slot: number): boolean =>
    !(queues && due.open.length > 0) && due.now - Math.max(atOf(slot), queues ? (due.free ?? 0) : 0) > graceMs
  for (let round = 0; round < maxFires && verdict.slot !== null && atOf(verdict.slot) <= due.now; round++) {
    const { slot } = verdict
    const way = isMissed(slot) ? ifMissed(schedule, due, slot, verdict) : ifOpen(schedule, due, slot, verdict)
    if (way === 'wait') return { ...verdict, nextAt: due.now + lookMs }
    if (way === 'fire') verdict.fires.push(slot)
    if (way !== 'moved') verdict.slot = nextSlot(schedule.timing, slot)
    if (way === 'fire' && schedule.overlap === 'cancel-running') break
  }
  return { ...verdict, nextAt: verdict.slot === null ? null : atOf(verdict.slot) }
}

type Way = 'fire' | 'drop' | 'wait' | 'moved'

/** A fire time that nobody was there for (`catchUp`). `moved`: the verdict's slot is a later one now. */
const ifMissed = (schedule: Schedule, due: DueSchedule, slot: number, verdict: Verdict): Way => {
  const { timing, catchUp } = schedule
  const first = firstWanted(schedule, due.now)
  if (first !== null && first <= slot) {
    if (catchUp.policy !== 'each') return ifOpen(schedule, due, slot, verdict)
    return due.open.length + verdict.fires.length >= catchUp.concurrency ? 'wait' : 'fire'
  }
  verdict.slot = first
  verdict.dropped += countBetween(timing, slot, first)
  const until = first === null ? 'its end' : `before ${formatMoment(first)}`
  verdict.problem = {
    name: 'Missed',
    message: `fire times from ${formatMoment(slot)} to ${until} were missed and dropped (catchUp ${catchUp.policy})`,
    slot: formatMoment(slot),
  }
  return 'moved'
}

/** The first fire time that is still wanted of those that were missed, else the first that was not missed. */
const firstWanted = ({ timing, jitterMs, catchUp: { policy, withinMs } }: Schedule, now: number): number | null => {
  const late = now - graceMs - jitterMs
  if (policy === 'each') return nextSlot(timing, now - withinMs - 1)
  const latest = policy === 'last' ? previousSlot(timing, now + 1) : null
  // A later one that is in time stands for those before it.
  const stands = latest !== null && latest >= now - withinMs ? Math.min(latest, late) : late
  return nextSlot(timing, stands - 1)
}

/** How many fire times there are from one to before another; beyond a thousand nobody counts. */
const countBetween = (timing: Timing, from: number, before: number | null): number => {
  let count = 0
  for (let slot: number | null = from; slot !== null && slot < (before ?? Infinity) && count < 1000; count++)
    slot = nextSlot(timing, slot)
  return count
}

/** A fire time while runs before it may be open (`overlap`). */
const ifOpen = ({ overlap }: Schedule, due: DueSchedule, slot: number, verdict: Verdict): Way => {
  if (overlap === 'allow' || due.open.length + verdict.fires.length === 0) return 'fire'
  if (overlap === 'queue') return 'wait'
  if (overlap === 'cancel-running') {
    verdict.cancels = due.open
    return 'fire'
  }
  verdict.dropped++
  verdict.problem = {
    name: 'Skipped',
    message: 'the run before was still open (overlap skip)',
    slot: formatMoment(slot),
  }
  return 'drop'
}
