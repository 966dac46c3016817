import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineTask } from '../../../engine/task.ts'

/** Fails the first `times` times, counted in `dir`, then tells which try it was. */
export default defineTask<{ times: number; dir: string }, number>(({ times, dir }, { attempt, idempotencyKey }) => {
  const file = join(dir, idempotencyKey.replaceAll('/', '-'))
  appendFileSync(file, '.')
  const tries = readFileSync(file, 'utf8').length
  if (tries > times) return tries
  const error = new Error(`try ${tries}, attempt ${attempt}`)
  error.name = 'Flaky'
  throw error
})
