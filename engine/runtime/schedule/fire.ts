import { jitterOf, runIdOf } from '../../model/schedule/identity.ts'
import { formatMoment } from '../../model/schedule/moment.ts'
import { type NewRun, startRuns } from '../../store/run.ts'
import { advance, type Advance, type DueSchedule, lockDue, type Problem } from '../../store/schedule.ts'
import { cancelRun } from '../cancel.ts'
import type { Context } from '../context.ts'
import { announced, ringStarted, type Startable } from '../start.ts'
import { inputOfTrigger } from '../trigger.ts'
import { decide } from './decide.ts'
import { inTransaction, type Known, type Targets } from './known.ts'
import type { Schedule } from './policy.ts'
import { seenAt } from './seen.ts'

/** A fire that gets a run, or the reason why it gets none. */
type Fire = { slot: number } & ({ run: NewRun; target: Startable } | { problem: Problem })

/** A beat that stops while it holds schedules loses them after so long, ms. */
const idleMs = 1000

/**
 * Starts the runs of schedules that are due, and moves these on, in one transaction: whoever is killed in the middle of it has done
 * nothing. A run's id is made of the schedule and the fire time, so that one that is there already is not started again.
 *
 * @returns how many schedules there were: as many as `limit`, and there may be more
 */
export const fireDue = async (context: Context, known: Known, { limit }: { limit: number }): Promise<number> => {
  const { namespace } = context
  const rings: [Startable, string[]][] = []
  const cancels: string[] = []
  const handled = await inTransaction(context, known, async (sql, findTargets) => {
    rings.length = 0
    cancels.length = 0
    const due = await lockDue(sql, { namespace, limit, idleMs })
    if (due.length === 0) return 0
    const read = await known.schedules(sql, [...new Set(due.map(row => row.plan))])
    const decided = due.flatMap(row => {
      const schedule = read.get(row.plan)
      return schedule ? [{ row, schedule, verdict: decide({ namespace, name: row.name }, schedule, row) }] : []
    })
    const unread = due.filter(row => !read.has(row.plan)).map(putOff)
    const targets = await findTargets(decided.filter(one => one.verdict.fires.length > 0).map(one => one.schedule))
    const all = decided.map(one => ({
      ...one,
      fires: one.verdict.fires.map(slot => fireAt(context, one.schedule, targets, slot)),
    }))
    for (const [target, runs] of groupRuns(all.flatMap(one => one.fires))) {
      const made = await startRuns(sql, target.start, runs, announced(context))
      rings.push([target, made])
    }
    await advance(sql, [
      ...all.map(({ row, schedule, verdict, fires }) => advanceOf(row, schedule, verdict, fires)),
      ...unread,
    ])
    cancels.push(...all.flatMap(one => one.verdict.cancels))
    return due.length
  })
  for (const [target, ids] of rings) ringStarted(context, target, ids)
  for (const run of cancels)
    await cancelRun(context, { run, reason: 'its schedule fired again (overlap cancel-running)' })
  return handled
}

/** The run of a fire time. */
export const fireAt = ({ namespace }: Context, schedule: Schedule, targets: Targets, slot: number): Fire => {
  const { trigger, jitterMs } = schedule
  const id = { namespace, name: trigger.name }
  const target = targets.get(trigger.workflow)
  const problem = (name: string, message: string): Fire => ({
    slot,
    problem: { name, message, slot: formatMoment(slot) },
  })
  if (!target)
    return problem(
      'UnknownWorkflow',
      `there is no workflow "${trigger.workflow}" any more; apply it, or delete this schedule`,
    )
  if (target instanceof Error) return problem('InternalError', target.message)
  const seen = seenAt(schedule, slot, slot + jitterOf(id, slot, jitterMs))
  const given = inputOfTrigger(trigger, target.loaded.plan.inputs, seen)
  if ('problem' in given) return problem(given.problem.name, given.problem.message)
  const run = {
    id: runIdOf(id, slot),
    input: JSON.stringify(given.value),
    trigger: `schedule/${trigger.name}`,
    fireTimeMs: slot,
  }
  return { slot, run, target }
}

const groupRuns = (fires: Fire[]): Map<Startable, NewRun[]> => {
  const groups = new Map<Startable, NewRun[]>()
  for (const fire of fires) {
    if (!('run' in fire)) continue
    const group = groups.get(fire.target)
    if (group) group.push(fire.run)
    else groups.set(fire.target, [fire.run])
  }
  return groups
}

/** A minute later somebody may have applied it again. */
const putOff = ({ place, slot, now, open }: DueSchedule): Advance => ({
  place,
  slot,
  nextAt: now + 60_000,
  fired: null,
  runs: 0,
  dropped: 0,
  open,
  problem: {
    name: 'Unreadable',
    message: 'this version of tq cannot read it; apply it again',
    slot: formatMoment(slot),
  },
})

const advanceOf = (
  { place, open }: DueSchedule,
  { overlap, catchUp }: Schedule,
  verdict: ReturnType<typeof decide>,
  fires: Fire[],
): Advance => {
  const made = fires.filter(fire => 'run' in fire)
  const failed = fires.filter(fire => 'problem' in fire)
  const last = made.at(-1)
  const minded = overlap !== 'allow' || catchUp.policy === 'each'
  return {
    place,
    slot: verdict.slot,
    nextAt: verdict.nextAt,
    fired: last ? { slot: last.slot, run: last.run.id } : null,
    runs: made.length,
    dropped: verdict.dropped + failed.length,
    open: minded ? [...open, ...made.map(fire => fire.run.id)] : [],
    problem: failed.at(-1)?.problem ?? verdict.problem,
  }
}
