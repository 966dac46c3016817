import { existsSync, writeFileSync } from 'node:fs'
import { defineTask } from '../../../engine/task.ts'

/** Fails once and makes the file; where the file is, it returns what it was given. */
export default defineTask<{ file: string; seen: unknown }>(({ file, seen }) => {
  if (existsSync(file)) return seen
  writeFileSync(file, '')
  throw new Error('not yet')
})
