import { setTimeout as sleep } from 'node:timers/promises'
import { defineTask } from '../../../engine/task.ts'

/** Returns the value after so long. */
export default defineTask<{ ms: number; value: unknown }>(async ({ ms, value }, { signal }) => {
  await sleep(ms, undefined, { signal })
  return value
})
