import { TqError } from '../../model/errors.ts'
import { newId } from '../../model/id.ts'
import { formatMoment } from '../../model/schedule/moment.ts'
import { nextSlot, type Timing } from '../../model/schedule/timing.ts'
import { startRuns } from '../../store/run.ts'
import { clockNow, readSchedule, setPaused } from '../../store/schedule.ts'
import type { Context } from '../context.ts'
import { noSuchManifest } from '../names.ts'
import { announced, prepareStart, ringStarted } from '../start.ts'
import { inputOfTrigger } from '../trigger.ts'
import { type Schedule, scheduleOf } from './policy.ts'
import { placeAt } from './register.ts'
import { seenAt } from './seen.ts'

/** A schedule by its name. @throws NOT_FOUND */
export const findSchedule = async (
  context: Context,
  name: string,
): Promise<{ schedule: Schedule; now: number; paused: boolean }> => {
  const row = await readSchedule(context.sql, { namespace: context.namespace, name })
  if (!row) throw await noSuchManifest(context, ['schedule'], name)
  return { schedule: scheduleOf(row.trigger), now: row.now, paused: row.paused }
}

/** The next fire times after a moment: fewer than `count` where it ends. */
export const fireTimes = (timing: Timing, { from, count }: { from: number; count: number }): number[] => {
  const found: number[] = []
  for (let slot = nextSlot(timing, from); slot !== null && found.length < count; slot = nextSlot(timing, slot))
    found.push(slot)
  return found
}

/** Stops a schedule's fires. */
export const pauseSchedule = async (context: Context, name: string): Promise<void> => {
  await findSchedule(context, name)
  await setPaused(context.sql, { namespace: context.namespace, name, paused: true, slot: null, nextAt: null })
}

/** Lets it fire again, from the first fire time after now on: those in its pause were not missed, they were not wanted. */
export const resumeSchedule = async (context: Context, name: string): Promise<number | null> => {
  const { namespace } = context
  const { schedule, now } = await findSchedule(context, name)
  const place = placeAt(namespace, schedule, nextSlot(schedule.timing, now))
  await setPaused(context.sql, { namespace, name, paused: false, ...place })
  context.broker.broadcast({ type: 'triggers' })
  return place.slot
}

/**
 * Starts what a schedule starts, now, beside its own fires: `trigger.time` is now, and neither its pause nor `overlap` counts.
 *
 * @throws NOT_FOUND; INVALID_INPUT where the workflow refuses what it passes
 */
export const triggerSchedule = async (context: Context, name: string): Promise<string> => {
  const { schedule } = await findSchedule(context, name)
  const { workflow } = schedule.trigger
  const target = await prepareStart(context, { name: workflow, kind: 'workflow', trigger: `schedule/${name}` })
  const now = Math.floor(await clockNow(context.sql))
  const given = inputOfTrigger(schedule.trigger, target.loaded.plan.inputs, seenAt(schedule, now, now))
  if ('problem' in given) throw new TqError('INVALID_INPUT', `schedule "${name}": ${given.problem.message}`)
  const run = { id: newId(now), input: JSON.stringify(given.value), fireTimeMs: now }
  await startRuns(context.sql, target.start, [run], announced(context))
  ringStarted(context, target, [run.id])
  return run.id
}

/** A moment as typed. @throws USAGE */
export const parseMoment = (flag: string, text: string): number => {
  const at = Date.parse(text)
  if (Number.isNaN(at))
    throw new TqError('USAGE', `${flag} ${text}: write a moment such as ${formatMoment(Date.UTC(2027, 0, 31, 8))}`)
  return at
}
