import { getTimes, type SunTimeName } from 'suncalc'

/** An event of the sun at a place; degrees, north and east positive. */
export type Solar = { event: string; latitude: number; longitude: number }

const names: { [event: string]: SunTimeName | 'solarNoon' } = {
  'dawn-astronomical': 'nightEnd',
  'dawn-nautical': 'nauticalDawn',
  'dawn-civil': 'dawn',
  sunrise: 'sunrise',
  noon: 'solarNoon',
  sunset: 'sunset',
  'dusk-civil': 'dusk',
  'dusk-nautical': 'nauticalDusk',
  'dusk-astronomical': 'night',
}

/** The first such event after a moment, to the second; days without one (polar) are passed over. Null: none in a year. */
export const solarAfter = (solar: Solar, after: number): number | null => {
  for (let day = -2; day < 370; day++) {
    const at = eventOn(solar, after + day * dayMs)
    if (at !== null && at > after) return at
  }
  return null
}

/** The last such event before a moment. */
export const solarBefore = (solar: Solar, before: number): number | null => {
  for (let day = 2; day > -370; day--) {
    const at = eventOn(solar, before + day * dayMs)
    if (at !== null && at < before) return at
  }
  return null
}

const dayMs = 86_400_000

const eventOn = ({ event, latitude, longitude }: Solar, at: number): number | null => {
  const time = getTimes(new Date(at), latitude, longitude)[names[event]!]
  return time ? Math.round(time.getTime() / 1000) * 1000 : null
}
