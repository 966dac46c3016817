import { defineTask } from '../../../engine/task.ts'

/** Returns what it is told about its attempt. */
export default defineTask((input, { attempt, idempotencyKey, run, job, task }) => ({
  input,
  attempt,
  idempotencyKey,
  run,
  job,
  task,
}))
