/** Whether this Node knows a time zone of this name. */
export const isZone = (zone: string): boolean => {
  try {
    formatOf(zone)
    return true
  } catch {
    return false
  }
}

/** Names that people may have meant. */
export const zoneNames = (): string[] => ['UTC', ...Intl.supportedValuesOf('timeZone')]

/**
 * How far a zone's clocks are ahead of UTC at a moment, ms.
 *
 * @see https://www.iana.org/time-zones
 */
export const offsetMs = (zone: string, at: number): number => {
  if (zone === 'UTC') return 0
  let known = offsets.get(zone)
  if (!known || known.size > 5000) offsets.set(zone, (known = new Map()))
  const quarter = Math.floor(at / quarterMs) // zones change at whole quarters of an hour
  let offset = known.get(quarter)
  if (offset === undefined) known.set(quarter, (offset = readOffset(zone, quarter * quarterMs)))
  return offset
}

/** What the zone's clocks show at a moment, as if that were UTC. */
export const wallOf = (zone: string, at: number): number => at + offsetMs(zone, at)

/**
 * When the zone's clocks show a time: once, twice where they are set back over it, and where they are set forward over it
 * (so: never) the moment it would be had they not been.
 */
export const momentsOf = (zone: string, wall: number): number[] => {
  const before = wall - offsetMs(zone, wall - dayMs)
  const after = wall - offsetMs(zone, wall + dayMs)
  const real = [...new Set([before, after])].filter(at => wallOf(zone, at) === wall)
  return real.length > 0 ? real.sort((a, b) => a - b) : [before]
}

/** The day that the zone's calendar shows: `2026-12-25`. */
export const dayOf = (zone: string, at: number): string => new Date(wallOf(zone, at)).toISOString().slice(0, 10)

/** When the zone's day of a moment begins, and when the next does. */
export const dayAround = (zone: string, at: number): { begins: number; ends: number } => {
  const midnight = Math.floor(wallOf(zone, at) / dayMs) * dayMs
  return { begins: momentsOf(zone, midnight)[0]!, ends: momentsOf(zone, midnight + dayMs)[0]! }
}

const quarterMs = 900_000
const dayMs = 86_400_000
const offsets = new Map<string, Map<number, number>>()
const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (zone: string): Intl.DateTimeFormat => {
  let format = formats.get(zone)
  if (!format)
    formats.set(zone, (format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })))
  return format
}

/** `1/1/2027, GMT+05:45`. */
const readOffset = (zone: string, at: number): number => {
  const found = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(formatOf(zone).format(at))
  const [, sign, hours, minutes, seconds] = found ?? []
  if (!sign) return 0
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)) * 1000
}
