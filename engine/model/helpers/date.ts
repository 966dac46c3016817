import { parseDuration } from '../duration.ts'
import { isZone, wallOf } from '../schedule/zone.ts'
import type { Helper } from './index.ts'

/** Dates: ISO 8601 texts, or milliseconds since 1970. In UTC, where `date` is given no zone. */
export const dateHelpers: { [name: string]: Helper } = {
  date: {
    args: ['any', 'string', 'string'],
    min: 1,
    max: 3,
    gives: 'string',
    run: (time, pattern, zone = 'UTC') => {
      const date = toDate('date', time)
      if (pattern === undefined) return date.toISOString()
      if (!isZone(zone as string)) throw new RangeError(`"date" knows no time zone "${zone}"`)
      return format(new Date(wallOf(zone as string, date.getTime())), pattern as string)
    },
  },
  'add-time': {
    args: ['any', 'string'],
    min: 2,
    max: 2,
    gives: 'string',
    run: (time, duration) => {
      const text = duration as string
      const milliseconds = parseDuration(text.replace(/^-/, ''))
      if (milliseconds === undefined) throw new RangeError(`"add-time" wants a duration like 1h30m, not "${text}"`)
      const date = toDate('add-time', time).getTime() + (text.startsWith('-') ? -milliseconds : milliseconds)
      return toDate('add-time', date).toISOString()
    },
  },
}

const toDate = (name: string, time: unknown): Date => {
  const date = typeof time === 'string' || typeof time === 'number' ? new Date(time) : new Date(Number.NaN)
  if (Number.isNaN(date.getTime())) throw new RangeError(`"${name}" wants a date like 2026-05-01T12:00:00Z`)
  return date
}

/** The letters of Unicode's date patterns that manifests need; text in single quotes stands as it is. */
const format = (date: Date, pattern: string): string =>
  pattern.replace(/'([^']*)'|yyyy|MM|dd|HH|mm|ss|SSS/g, (part, quoted: string | undefined) =>
    quoted !== undefined ? quoted : parts[part as keyof typeof parts](date),
  )

const two = (value: number): string => String(value).padStart(2, '0')

const parts = {
  yyyy: (date: Date) => String(date.getUTCFullYear()).padStart(4, '0'),
  MM: (date: Date) => two(date.getUTCMonth() + 1),
  dd: (date: Date) => two(date.getUTCDate()),
  HH: (date: Date) => two(date.getUTCHours()),
  mm: (date: Date) => two(date.getUTCMinutes()),
  ss: (date: Date) => two(date.getUTCSeconds()),
  SSS: (date: Date) => String(date.getUTCMilliseconds()).padStart(3, '0'),
}
