import type { ScheduleSpec } from '../../../schemas/manifest.types.ts'
import { parseDuration } from '../duration.ts'
import { type Cron, cronAfter, cronBefore, readCron } from './cron.ts'
import { type Solar, solarAfter, solarBefore } from './solar.ts'
import { dayAround, dayOf } from './zone.ts'

/** When a schedule fires; all times in ms since 1970. */
export type Timing = {
  /** Schedules with one key fire at the same times. */
  key: string
  zone: string
  startMs: number
  endMs: number
  except: Set<string>
} & ({ by: 'cron'; cron: Cron } | { by: 'every'; everyMs: number; anchorMs: number } | { by: 'solar'; solar: Solar })

/** @param spec one that was compiled without a diagnostic. @throws RangeError where this version cannot read it */
export const timingOf = (spec: ScheduleSpec): Timing => {
  const { cron, seconds, timezone, every, anchor, solar, start, end, except } = spec
  const key = JSON.stringify([cron, seconds, timezone, every, anchor, solar, start, end, except])
  const common = {
    key,
    zone: timezone ?? 'UTC',
    startMs: start === undefined ? Number.NEGATIVE_INFINITY : Date.parse(start),
    endMs: end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end),
    except: new Set(except),
  }
  if (cron !== undefined) {
    const read = readCron(cron, { seconds: seconds === true })
    if (typeof read === 'string') throw new RangeError(read)
    return { ...common, by: 'cron', cron: read }
  }
  if (solar) return { ...common, by: 'solar', solar }
  const everyMs = parseDuration(every ?? '')
  if (!everyMs) throw new RangeError(`"${every}" is no interval`)
  return { ...common, by: 'every', everyMs, anchorMs: anchor ? Date.parse(anchor) : 0 }
}

/** The first fire time after a moment; null: there is none any more. Computed once for all schedules that fire alike. */
export const nextSlot = (timing: Timing, after: number): number | null => {
  const key = `${timing.key} ${after}`
  let slot = known.get(key)
  if (slot === undefined) {
    slot = findNext(timing, after)
    if (known.size > 50_000) known.clear()
    known.set(key, slot)
  }
  return slot
}

/** The last fire time before a moment; null: there is none. */
export const previousSlot = (timing: Timing, before: number): number | null => {
  let from = Math.min(before, timing.endMs + 1)
  for (;;) {
    const slot = stepBack(timing, from)
    if (slot === null || slot < timing.startMs) return null
    if (!timing.except.has(dayOf(timing.zone, slot))) return slot
    from = dayAround(timing.zone, slot).begins
  }
}

const known = new Map<string, number | null>()

const findNext = (timing: Timing, after: number): number | null => {
  let from = Math.max(after, timing.startMs - 1)
  for (;;) {
    const slot = step(timing, from)
    if (slot === null || slot > timing.endMs) return null
    if (timing.except.size === 0 || !timing.except.has(dayOf(timing.zone, slot))) return slot
    from = dayAround(timing.zone, slot).ends - 1
  }
}

const step = (timing: Timing, after: number): number | null => {
  if (timing.by === 'cron') return cronAfter(timing.cron, timing.zone, after)
  if (timing.by === 'solar') return solarAfter(timing.solar, after)
  const { everyMs, anchorMs } = timing
  return anchorMs + (Math.floor((after - anchorMs) / everyMs) + 1) * everyMs
}

const stepBack = (timing: Timing, before: number): number | null => {
  if (timing.by === 'cron') return cronBefore(timing.cron, timing.zone, before)
  if (timing.by === 'solar') return solarBefore(timing.solar, before)
  const { everyMs, anchorMs } = timing
  return anchorMs + (Math.ceil((before - anchorMs) / everyMs) - 1) * everyMs
}
