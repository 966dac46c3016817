import type { Trigger } from '../../model/trigger.ts'
import { readPlans } from '../../store/manifest.ts'
import type { Sql } from '../../store/sql.ts'
import { readTargets } from '../../store/trigger.ts'
import type { Context, Log } from '../context.ts'
import { isLostConnection } from '../patience.ts'
import type { LoadedPlan } from '../plans.ts'
import { type Startable, startableFrom } from '../start.ts'
import { type Schedule, scheduleOf } from './policy.ts'

/** What a beat has read of what never changes: compiled schedules by the ids of their plans, and plans of workflows. */
export type Known = {
  schedules(sql: Sql, plans: number[]): Promise<Map<number, Schedule>>
  plans: Map<number, LoadedPlan>
}

export const openKnown = (log: Log): Known => {
  const known = new Map<number, Schedule | null>()
  return {
    plans: new Map(),
    async schedules(sql, plans) {
      const missing = plans.filter(plan => !known.has(plan))
      if (missing.length > 0 && known.size > 50_000) known.clear()
      if (missing.length > 0)
        for (const { id, document } of await readPlans(sql, missing))
          known.set(id, read(document as unknown as Trigger, log))
      return new Map(plans.flatMap(plan => (known.get(plan) ? [[plan, known.get(plan)!]] : [])))
    },
  }
}

/** Another version may have compiled what this one does not understand. */
const read = (trigger: Trigger, log: Log): Schedule | null => {
  try {
    return scheduleOf(trigger)
  } catch (error) {
    log('error', `schedule "${trigger.name}" cannot be read: ${(error as Error).message}; apply it again`)
    return null
  }
}

/** The workflows that schedules start, as they are now; where a plan cannot be loaded, why. */
export type Targets = Map<string, Startable | Error>

/** Finds, inside of the transaction, what schedules start. */
export type FindTargets = (schedules: Schedule[]) => Promise<Targets>

/**
 * Does work in one transaction. Where it needs a plan that was not loaded yet it is broken off, the plan loaded, and the
 * work done again: loading takes a connection, the transaction holds one, and where all are held each would wait for another.
 */
export const inTransaction = async <T>(
  context: Context,
  { plans }: Known,
  work: (sql: Sql, findTargets: FindTargets) => Promise<T>,
): Promise<T> => {
  const failed = new Map<number, Error>()
  for (;;) {
    try {
      return await context.sql.begin(sql => work(sql, schedules => find(context, sql, { plans, failed }, schedules)))
    } catch (error) {
      if (!(error instanceof PlansWanted)) throw error
      if (plans.size > 2000) plans.clear()
      for (const id of error.plans) {
        const loaded = await context.plan(id).catch(whyNot)
        if (loaded instanceof Error) failed.set(id, loaded)
        else plans.set(id, loaded)
      }
    }
  }
}

class PlansWanted extends Error {
  readonly plans: number[]
  constructor(plans: number[]) {
    super(`plans ${plans.join(', ')} are not loaded`)
    this.plans = plans
  }
}

/** One workflow that cannot be started must not keep the others of a batch; a lost connection is no fault of it. */
const whyNot = (error: Error): Error => {
  if (isLostConnection(error)) throw error
  return error
}

const find = async (
  { namespace }: Context,
  sql: Sql,
  { plans, failed }: { plans: Map<number, LoadedPlan>; failed: Map<number, Error> },
  schedules: Schedule[],
): Promise<Targets> => {
  const names = [...new Set(schedules.map(schedule => schedule.trigger.workflow))]
  if (names.length === 0) return new Map()
  const found = await readTargets(sql, { namespace, names })
  const missing = found.map(target => target.plan).filter(plan => !plans.has(plan) && !failed.has(plan))
  if (missing.length > 0) throw new PlansWanted([...new Set(missing)])
  return new Map(
    found.map(target => {
      const loaded = plans.get(target.plan)
      const what = { ...target, kind: 'workflow' as const }
      return [
        target.name,
        loaded ? startableFrom(namespace, loaded, what, { trigger: 'schedule' }) : failed.get(target.plan)!,
      ]
    }),
  )
}
