import { listSchedules, readClock } from '../../engine/reader.ts'
import { errorLine } from '../progress.ts'
import { span } from '../output.ts'
import type { Check, Connected } from './index.ts'

/** A beat fires within milliseconds: a fire time that is so long past has none, ms. */
const lateMs = 15_000

export const schedules: Check<Connected> = {
  name: 'schedules',
  async find({ context }) {
    const { sql, namespace } = context
    const all = await listSchedules(sql, { namespace })
    if (all.length === 0) return []
    const now = (await readClock(sql)) as number
    const late = all
      .filter(row => !row.paused && row.next_at && now - row.next_at.getTime() > lateMs)
      .map(row => ({
        level: 'failed' as const,
        text: `schedule "${row.name}" should have fired ${span(now - row.next_at!.getTime())} ago: no beat is up`,
        fix: 'tq beat',
      }))
    const troubled = all
      .filter(row => row.problem)
      .map(row => ({
        level: 'warning' as const,
        text: `schedule "${row.name}" started nothing at ${row.problem!.slot}: ${errorLine(row.problem!)}`,
        fix: `tq describe schedule ${row.name}`,
      }))
    const found = [...late, ...troubled]
    return found.length > 0 ? found : [{ level: 'ok', text: `${all.length}, none late` }]
  },
}
