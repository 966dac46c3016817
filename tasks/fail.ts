import { defineTask } from '../engine/task.ts'

/** Fails with an error of the given name, to see what `retry` and `onError` make of it. */
export default defineTask<{ name?: string; message?: string }, never>(input => {
  const error = new Error(input?.message ?? 'failed because it was told to')
  error.name = input?.name ?? 'Failed'
  throw error
})
