import { defineTask } from '../../engine/task.ts'

/** A greeting for a name. */
export default defineTask<{ name: string }, { text: string }>(({ name }) => ({ text: `Hello, ${name}!` }))
