import { defineTask } from '../engine/task.ts'

/** Writes its input to the job's log and returns it: `{ message, fields… }`, or anything. */
export default defineTask((input, { log }) => {
  const { message, ...fields } = isRecord(input) ? input : { message: input }
  log(typeof message === 'string' ? message : JSON.stringify(message ?? null), fields)
  return input
})

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
