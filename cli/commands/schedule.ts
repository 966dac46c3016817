import {
  cancelBackfill,
  type Context,
  findSchedule,
  fireTimes,
  formatMoment,
  isZone,
  oneOf,
  parseMoment,
  pauseSchedule,
  planBackfill,
  printId,
  readCron,
  resumeSchedule,
  shortId,
  startBackfill,
  type Timing,
  timingOf,
  triggerSchedule,
  TqError,
} from '../../engine/client.ts'
import { connected } from '../connect.ts'
import type { Io } from '../io.ts'
import { print } from '../output.ts'
import { bothTimes, localTime } from '../schedules.ts'
import { printResult } from '../watching.ts'
import type { Action, Options } from '../command.ts'
import { countOf } from './run.ts'

const scheduleCommand: Action = async (io, options, what, name) => {
  const action = Object.hasOwn(actions, String(what)) ? actions[String(what)] : undefined
  if (!action) {
    throw new TqError('USAGE', `"${what}" is nothing to do with a schedule${oneOf(String(what), Object.keys(actions))}`)
  }
  if (what === 'next' && typeof options.cron === 'string') {
    if (name !== undefined) throw new TqError('USAGE', `next is of ${name} or of --cron, not of both`)
    return nextOfCron(io, options, options.cron)
  }
  const ignored = Object.entries(flags).find(([flag, of]) => options[flag] !== undefined && !of.includes(String(what)))
  if (ignored) throw new TqError('USAGE', `--${ignored[0]} is for ${ignored[1].join(' and ')}, not for ${what}`)
  if (name === undefined) throw new TqError('USAGE', `say which schedule: tq schedule ${what} NAME`)
  return connected(io, context => action(io, context, options, String(name)))
}
export default scheduleCommand

/** What each flag is for. */
const flags: { [flag: string]: string[] } = {
  from: ['next', 'backfill'],
  to: ['backfill'],
  count: ['next'],
  cron: ['next'],
  seconds: ['next'],
  timezone: ['next'],
  concurrency: ['backfill'],
  cancel: ['backfill'],
}

type ScheduleAction = (io: Io, context: Context, options: Options, name: string) => Promise<number>

const next: ScheduleAction = async (io, context, options, name) => {
  const { schedule, now, paused } = await findSchedule(context, name)
  if (paused) io.err(`${name} is paused; resume it: tq schedule resume ${name}`)
  return printTimes(io, options, schedule.timing, now)
}

const nextOfCron = async (io: Io, options: Options, cron: string): Promise<number> => {
  const { timezone } = options
  if (typeof timezone !== 'string')
    throw new TqError('USAGE', '--cron needs --timezone beside it, such as Europe/Lisbon')
  if (!isZone(timezone)) throw new TqError('USAGE', `there is no time zone "${timezone}"`)
  const seconds = options.seconds === true
  const read = readCron(cron, { seconds })
  if (typeof read === 'string') throw new TqError('USAGE', `--cron: ${read.replace('`seconds: true`', '--seconds')}`)
  return printTimes(io, options, timingOf({ workflow: '', cron, seconds, timezone }), Date.now())
}

const printTimes = (io: Io, options: Options, timing: Timing, now: number): number => {
  const from = typeof options.from === 'string' ? parseMoment('--from', options.from) : now
  const times = fireTimes(timing, { from, count: options.count === undefined ? 5 : countOf('--count', options.count) })
  print(io, options.output, {
    data: { timezone: timing.zone, times: times.map(formatMoment) },
    names: times.map(formatMoment),
    table: { header: [], rows: times.map(at => [formatMoment(at), localTime(at, timing.zone)]) },
  })
  if (times.length === 0) io.err(`there is no fire time after ${formatMoment(from)}`)
  return 0
}

const pause: ScheduleAction = async (io, context, options, name) => {
  await pauseSchedule(context, name)
  printResult(io, options.output, { schedule: name, paused: true }, name, `${name} is paused`)
  return 0
}

const resume: ScheduleAction = async (io, context, options, name) => {
  const slot = await resumeSchedule(context, name)
  const { schedule } = await findSchedule(context, name)
  const said = slot === null ? 'it has no fire time any more' : `next at ${bothTimes(slot, schedule.timing.zone)}`
  const data = { schedule: name, paused: false, next: slot === null ? null : formatMoment(slot) }
  printResult(io, options.output, data, name, `${name} is resumed; ${said}`)
  return 0
}

const trigger: ScheduleAction = async (io, context, options, name) => {
  const id = await triggerSchedule(context, name)
  const said = `run ${shortId(id)} started; see it: tq watch ${shortId(id)}`
  printResult(io, options.output, { id: printId(id) }, printId(id), said)
  return 0
}

const backfill: ScheduleAction = async (io, context, options, name) => {
  if (options.cancel) {
    const count = await cancelBackfill(context, name)
    const said =
      count > 0 ? `the backfill of ${name} is stopped; what has started goes on` : `${name} has no backfill under way`
    printResult(io, options.output, { schedule: name, cancelled: count }, name, said)
    return 0
  }
  if (typeof options.from !== 'string') throw new TqError('USAGE', 'say from when on: --from 2027-01-01T00:00Z')
  const to = typeof options.to === 'string' ? parseMoment('--to', options.to) : null
  const range = { from: parseMoment('--from', options.from), to }
  const concurrency = options.concurrency === undefined ? 1 : countOf('--concurrency', options.concurrency)
  const dry = options.dryRun === true
  const made = dry
    ? await planBackfill(context, name, range)
    : await startBackfill(context, name, { ...range, concurrency })
  const { times, present } = made
  const data = {
    schedule: name,
    from: formatMoment(made.from),
    to: formatMoment(made.to),
    times: times.length,
    present,
    dryRun: dry,
    ...(dry ? { fireTimes: times.map(formatMoment) } : {}),
  }
  const counted = `${times.length} fire times, of which ${present} have their run`
  const span = times.length > 0 ? `, ${formatMoment(times[0]!)} to ${formatMoment(times.at(-1)!)}` : ''
  const said = dry
    ? '. Nothing was started.'
    : `; ${concurrency} at a time. See it: tq describe schedule ${name}; stop it: tq schedule backfill ${name} --cancel`
  if (dry && times.length > 0 && (options.output ?? 'table') === 'table')
    for (const at of times.slice(0, 50)) io.out(formatMoment(at))
  if (dry && times.length > 50) io.err(`… and ${times.length - 50} more: -o json`)
  printResult(io, options.output, data, name, `${counted}${span}${said}`)
  return 0
}

const actions: { [action: string]: ScheduleAction } = { next, pause, resume, trigger, backfill }
