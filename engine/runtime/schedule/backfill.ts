import { setTimeout as sleep } from 'node:timers/promises'
import { TqError } from '../../model/errors.ts'
import { runIdOf } from '../../model/schedule/identity.ts'
import { formatMoment } from '../../model/schedule/moment.ts'
import { nextSlot, type Timing } from '../../model/schedule/timing.ts'
import { cancelBackfills, insertBackfill, lockBackfill, moveBackfill } from '../../store/backfill.ts'
import { readRuns, startRuns } from '../../store/run.ts'
import { lockSchedule, type Problem } from '../../store/schedule.ts'
import type { Context } from '../context.ts'
import { patiently } from '../patience.ts'
import { announced, ringStarted, type Startable } from '../start.ts'
import { findSchedule } from './control.ts'
import { fireAt } from './fire.ts'
import { inTransaction, type Known } from './known.ts'

export type BackfillRange = { from: number; to: number | null }
export type BackfillPlan = { from: number; to: number; times: number[]; present: number }

/** So many fire times at most, of one backfill. */
const maxTimes = 100_000

/**
 * What a backfill would run: the fire times from `from` on and before `to` (default: now), of which `present` have their run.
 *
 * @throws NOT_FOUND; USAGE where the range is none, lies in the future, or has too many fire times
 */
export const planBackfill = async (
  context: Context,
  name: string,
  { from, to }: BackfillRange,
): Promise<BackfillPlan> => {
  const { schedule, now } = await findSchedule(context, name)
  const until = to ?? now
  if (from < 0) throw new TqError('USAGE', '--from is before 1970')
  if (until > now + 1000)
    throw new TqError('USAGE', `--to ${formatMoment(until)} is to come: a backfill is of the past`)
  if (from >= until) throw new TqError('USAGE', `--from ${formatMoment(from)} is not before ${formatMoment(until)}`)
  const times = timesAfter(schedule.timing, from - 1, until, maxTimes + 1)
  if (times.length > maxTimes)
    throw new TqError('USAGE', `there are more than ${maxTimes} fire times in this range; take a smaller one`)
  const present = new Set<string>()
  for (let i = 0; i < times.length; i += 1000) {
    const ids = times.slice(i, i + 1000).map(slot => runIdOf({ namespace: context.namespace, name }, slot))
    for (const run of await readRuns(context.sql, ids)) present.add(run.id)
  }
  return { from, to: until, times, present: present.size }
}

/** Asks for fire times of the past to be run, `concurrency` at a time, in their order; each only where it has no run. */
export const startBackfill = async (
  context: Context,
  name: string,
  { concurrency, ...range }: BackfillRange & { concurrency: number },
): Promise<BackfillPlan & { id: number }> => {
  const plan = await planBackfill(context, name, range)
  const { namespace } = context
  const id = await insertBackfill(context.sql, {
    namespace,
    schedule: name,
    from: plan.from,
    until: plan.to,
    concurrency,
  })
  context.broker.broadcast({ type: 'triggers' })
  return { ...plan, id }
}

/** Starts nothing more of a schedule's backfills; runs that have started go on. Gives how many were under way. */
export const cancelBackfill = async (context: Context, name: string): Promise<number> => {
  await findSchedule(context, name)
  return cancelBackfills(context.sql, { namespace: context.namespace, schedules: [name] })
}

/** How often the open runs are looked at that a backfill waits for, ms. */
const lookMs = 200

/** Runs a backfill to its end, from where it is. */
export const runBackfill = async (context: Context, known: Known, id: number, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    const way = await patiently(() => stepBackfill(context, known, id), { signal })
    if (way === 'done') return
    if (way === 'wait') await sleep(lookMs, undefined, { signal }).catch(() => {})
  }
}

/**
 * Starts as many runs as may be open at once, in one transaction with the place it has come to. The schedule is locked
 * meanwhile, so that its own fires and a backfill's are one after the other, and the same run ids keep them apart.
 */
export const stepBackfill = async (context: Context, known: Known, id: number): Promise<'done' | 'wait' | 'more'> => {
  let ring: [Startable, string[]] | null = null
  const way = await inTransaction(context, known, async (sql, findTargets) => {
    const backfill = await lockBackfill(sql, id)
    if (!backfill) return 'done'
    const room = Math.min(100, backfill.concurrency - backfill.open.length)
    if (room <= 0) return 'wait'
    const row = await lockSchedule(sql, { namespace: backfill.namespace, name: backfill.schedule })
    const schedule = row && (await known.schedules(sql, [row.plan])).get(row.plan)
    const last = backfill.slot ?? backfill.from - 1
    const times = schedule ? timesAfter(schedule.timing, last, backfill.until, room) : []
    const done = times.length < room
    if (!schedule || times.length === 0) {
      await moveBackfill(sql, { ...nothing, id, open: backfill.open, done: true })
      return 'done'
    }
    const targets = await findTargets([schedule])
    const fires = times.map(slot => fireAt(context, schedule, targets, slot))
    const runs = fires.flatMap(fire => ('run' in fire ? [fire.run] : []))
    const target = fires.find(fire => 'target' in fire)?.target
    const made = target && runs.length > 0 ? await startRuns(sql, target.start, runs, announced(context)) : []
    if (target) ring = [target, made]
    const problem = fires.flatMap(fire => ('problem' in fire ? [fire.problem] : [])).at(-1) ?? null
    await moveBackfill(sql, {
      id,
      slot: times.at(-1)!,
      fired: made.length,
      present: runs.length - made.length,
      open: [...backfill.open, ...made],
      problem,
      done,
    })
    return done ? 'done' : made.length < runs.length ? 'more' : 'wait'
  })
  if (ring) ringStarted(context, ring[0], ring[1])
  return way
}

const nothing = { slot: null, fired: 0, present: 0, problem: null as Problem | null }

const timesAfter = (timing: Timing, after: number, until: number, count: number): number[] => {
  const times: number[] = []
  for (let slot = nextSlot(timing, after); slot !== null && slot < until && times.length < count; ) {
    times.push(slot)
    slot = nextSlot(timing, slot)
  }
  return times
}
