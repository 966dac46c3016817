import { formatMoment, type JsonObject, wallOf } from '../engine/client.ts'

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
