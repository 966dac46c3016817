import { defineTask } from '../../../engine/task.ts'

/** Fails on its first `times` attempts, then tells which attempt it is. */
export default defineTask<{ times: number }, { attempt: number; key: string }>(({ times }, { attempt, idempotencyKey }) => {
  if (attempt > times) return { attempt, key: idempotencyKey }
  const error = new Error(`attempt ${attempt}`)
  error.name = 'Flaky'
  throw error
})
