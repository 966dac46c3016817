import type { Context } from '../../../engine/task.ts'

export default (_input: unknown, { attempt, idempotencyKey, run, job, task }: Context) => ({
  attempt,
  idempotencyKey,
  run,
  job,
  task,
})
