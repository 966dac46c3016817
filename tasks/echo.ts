import { defineTask } from '../engine/task.ts'

/** Returns its input. */
export default defineTask(input => input)
