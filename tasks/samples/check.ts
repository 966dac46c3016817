import { defineTask } from '../../engine/task.ts'

/** There are fewer rows than a day can have. */
class BadQuality extends Error {}

/** Fails when there are fewer rows than expected. */
export default defineTask<{ rows: number; atLeast: number }, { rows: number }>(({ rows, atLeast }) => {
  if (rows < atLeast) throw new BadQuality(`${rows} rows, at least ${atLeast} were expected`)
  return { rows }
})
