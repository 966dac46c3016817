import { type CronExpression, CronExpressionParser } from 'cron-parser'
import { momentsOf, offsetMs } from './zone.ts'

/** A cron expression, read. */
export type Cron = {
  /** The times it names, as clocks show them, as if that were UTC: the first after, the last before. Null: none. */
  after(wall: number): number | null
  before(wall: number): number | null
  /** It names no hour: where clocks are set back, it goes on through both passes. */
  everyHour: boolean
}

/**
 * Reads five fields (minute, hour, day of month, month, day of week), or six with seconds first, or a nickname.
 *
 * cron-parser reads the fields and walks through the calendar in UTC, where no clock is ever changed. Time zones are ours
 * (`cronAfter`): in Lord Howe's half hour its own lose times (5.10.5).
 *
 * @returns a sentence where it is none
 */
export const readCron = (text: string, { seconds = false }: { seconds?: boolean } = {}): Cron | string => {
  const key = `${seconds ? 6 : 5} ${text}`
  let known = crons.get(key)
  if (known === undefined) {
    known = parse(text.trim(), seconds)
    if (crons.size > 20_000) crons.clear()
    crons.set(key, known)
  }
  return known
}

/** The first moment after another that the zone's clocks reach a time of the expression. */
export const cronAfter = (cron: Cron, zone: string, after: number): number | null => {
  let best: number | null = null
  let wall = after + Math.min(...offsetsAround(zone, after))
  for (;;) {
    const found = cron.after(wall)
    if (found === null) return best
    wall = found
    for (const at of moments(cron, zone, wall)) if (at > after && (best === null || at < best)) best = at
    if (best === null) continue
    const around = offsetsAround(zone, best)
    if (around[0] === around[1] || wall >= best + Math.max(...around)) return best
  }
}

/** The last moment before another at which the zone's clocks reach a time of the expression. */
export const cronBefore = (cron: Cron, zone: string, before: number): number | null => {
  let best: number | null = null
  let wall = before + Math.max(...offsetsAround(zone, before))
  for (;;) {
    const found = cron.before(wall)
    if (found === null) return best
    wall = found
    for (const at of moments(cron, zone, wall)) if (at < before && (best === null || at > best)) best = at
    if (best === null) continue
    const around = offsetsAround(zone, best)
    if (around[0] === around[1] || wall <= best + Math.min(...around)) return best
  }
}

const crons = new Map<string, Cron | string>()

const nicknames: { [name: string]: string } = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const parse = (text: string, seconds: boolean): Cron | string => {
  if (text.startsWith('@') && !Object.hasOwn(nicknames, text))
    return `"${text}" is no nickname; there are ${Object.keys(nicknames).join(', ')}`
  if (text.startsWith('@') && seconds) return `"${text}" has no seconds; leave \`seconds\` out`
  const fields = (nicknames[text] ?? text).split(/\s+/)
  const wanted = seconds ? 6 : 5
  if (fields.length !== wanted) return fieldCount(fields.length, seconds)
  const strange = fields.find(field => !/^[0-9A-Za-z*,/?#-]+$/.test(field) || /(^|[^a-z])h($|[^a-z])/i.test(field))
  if (strange !== undefined) return `"${strange}" is no field of cron`
  try {
    const expression = CronExpressionParser.parse(fields.join(' '), { tz: 'UTC' })
    const at = (wall: number, step: 'next' | 'prev'): number | null => {
      try {
        expression.reset(new Date(wall))
        return expression[step]().getTime()
      } catch {
        return null
      }
    }
    if (at(Date.UTC(2000, 0, 1), 'next') === null) return `there is no time like "${text}"`
    return { after: wall => at(wall, 'next'), before: wall => at(wall, 'prev'), everyHour: everyHour(expression) }
  } catch (error) {
    return reason(text, error as Error)
  }
}

const fieldCount = (found: number, seconds: boolean): string => {
  if (found === 6 && !seconds) return 'six fields begin with seconds; say `seconds: true`, or write five'
  const names = `${seconds ? 'second ' : ''}minute hour day month weekday`
  return `cron has ${seconds ? 'six' : 'five'} fields (${names}), and here are ${found}`
}

const everyHour = (expression: CronExpression): boolean => expression.fields.hour.values.length === 24

/** The library's words where they help. */
const reason = (text: string, error: Error): string => {
  if (/day of month definition/.test(error.message)) return `"${text}" names a day that its months do not have`
  const [, value, range] = /got value (\S+) expected range (\S+)/.exec(error.message) ?? []
  if (range)
    return `"${text}" has ${value} where the field goes from ${range.replace('-', ' to ')}${fieldOf[range] ?? ''}`
  const [, span, from, to] = /invalid range: ((\d+)-(\d+)), min/i.exec(error.message) ?? []
  if (span) return `"${text}" has the range ${span}, which runs backwards; write two: ${from}-LAST,FIRST-${to}`
  return `"${text}" is no cron expression: ${error.message.replace(/^Invalid/, 'invalid')}`
}
/** Fields by their range, where that tells. */
const fieldOf: { [range: string]: string } = {
  '0-23': ' (hours)',
  '1-31': ' (days of the month)',
  '1-12': ' (months)',
  '0-7': ' (days of the week)',
}

const moments = (cron: Cron, zone: string, wall: number): number[] => {
  const all = momentsOf(zone, wall)
  return cron.everyHour ? all : all.slice(0, 1)
}

/** No clock is set by more than this, but for a country's move over the date line. */
const aroundMs = 3 * 3_600_000

/** The zone's offsets shortly before and after: two where its clocks are changed in between. */
const offsetsAround = (zone: string, at: number): [number, number] => [
  offsetMs(zone, at - aroundMs),
  offsetMs(zone, at + aroundMs),
]
