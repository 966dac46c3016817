import {
  type BackfillRow,
  type Context,
  formatMoment,
  type JsonObject,
  listBackfills,
  listSchedules,
  printId,
  type ScheduleRow,
  wallOf,
} from '../engine/reader.ts'
import { errorLine } from './progress.ts'

/** When a schedule fires, in a few words: `30 2 * * * Europe/Lisbon`, `every 30s`. */
export const whenOf = ({ cron, timezone, every, solar }: JsonObject): string => {
  if (typeof cron === 'string') return `${cron} ${timezone}`
  if (typeof every === 'string') return `every ${every}`
  const { event, latitude, longitude } = (solar ?? {}) as JsonObject
  return `${event} at ${latitude},${longitude}`
}

/** A moment, and what clocks of the zone show then. */
export const bothTimes = (at: number, zone: string): string =>
  zone === 'UTC' ? formatMoment(at) : `${formatMoment(at)} (${localTime(at, zone)})`

/** `Sun 2027-03-28 02:30:00 Europe/Lisbon`. */
export const localTime = (at: number, zone: string): string => {
  const wall = new Date(wallOf(zone, at))
  const day = wall.toUTCString().slice(0, 3)
  return `${day} ${wall.toISOString().slice(0, 19).replace('T', ' ')} ${zone}`
}

/** How a schedule fares, with its last backfills; null where there is none of this name. */
export const stateOfSchedule = async (
  { sql, namespace }: Context,
  name: string,
): Promise<(Omit<ScheduleRow, 'trigger'> & { spec: JsonObject; backfills: BackfillRow[] }) | null> => {
  const [row] = await listSchedules(sql, { namespace, name })
  if (!row) return null
  const { trigger, ...state } = row
  return {
    ...state,
    spec: trigger.spec,
    last_run: row.last_run && printId(row.last_run),
    backfills: await listBackfills(sql, { namespace, schedule: name, limit: 3 }),
  }
}

/** The same as lines. */
export const linesOfSchedule = async (context: Context, name: string): Promise<string[]> => {
  const state = await stateOfSchedule(context, name)
  if (!state) return []
  const zone = String(state.spec.timezone ?? 'UTC')
  const late = state.slot && state.next_at ? state.next_at.getTime() - state.slot.getTime() : 0
  const waits = late >= 1000 ? `; starts at ${formatMoment(state.next_at!.getTime())}` : ''
  const next = state.slot ? `${bothTimes(state.slot.getTime(), zone)}${waits}` : 'none any more'
  const run = state.last_run ? `, run ${state.last_run.slice(-8)} ${state.last_state ?? ''}`.trimEnd() : ''
  return [
    line('Next:', state.paused ? `paused; resume it: tq schedule resume ${name}` : next),
    line('Last:', state.last_slot ? `${bothTimes(state.last_slot.getTime(), zone)}${run}` : 'never'),
    line('Fired:', `${state.fired}, without a run ${state.dropped}`),
    ...state.backfills.map(one => line('Backfill:', backfillText(one))),
    ...(state.problem ? [line('Problem:', `${state.problem.slot}  ${errorLine(state.problem)}`)] : []),
  ]
}

const line = (title: string, value: string): string => `${title.padEnd(10)} ${value}`

const backfillText = ({ state, from_at, until_at, slot, fired, present, problem }: BackfillRow): string => {
  const range = `${formatMoment(from_at.getTime())} to ${formatMoment(until_at.getTime())}`
  const at = state === 'running' && slot ? `, at ${formatMoment(slot.getTime())}` : ''
  const wrong = problem ? `, last problem ${problem.slot} ${errorLine(problem)}` : ''
  return `${state}${at}; ${range}: ${fired} started, ${present} were there${wrong}`
}
