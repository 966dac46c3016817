import { createHash } from 'node:crypto'
import { newId } from '../id.ts'

/** Which schedule. */
export type ScheduleId = { namespace: string; name: string }

/** The id of the run that a schedule starts at a fire time: always the same, so that whoever starts it again starts nothing. */
export const runIdOf = (schedule: ScheduleId, slot: number): string =>
  newId(slot, Buffer.from(digest(schedule, slot, 'run').subarray(0, 10)))

/** By how much a fire is late on purpose, ms: below `maxMs`, and always the same for one fire time. */
export const jitterOf = (schedule: ScheduleId, slot: number, maxMs: number): number =>
  maxMs === 0 ? 0 : Math.floor((digest(schedule, slot, 'jitter').readUInt32BE(0) / 2 ** 32) * maxMs)

const digest = ({ namespace, name }: ScheduleId, slot: number, what: string): Buffer =>
  createHash('sha256').update(`${what} ${namespace}/${name} ${slot}`).digest()
