import { setTimeout as sleep } from 'node:timers/promises'
import { defineTask } from '../../../engine/task.ts'

/** Waits so long, or until it is stopped. */
export default defineTask<{ ms: number }>(async ({ ms }, { signal }) => {
  await sleep(ms, undefined, { signal })
  return null
})
