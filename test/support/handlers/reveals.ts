import { createHash } from 'node:crypto'
import { defineTask } from '../../../engine/task.ts'

/** Says a secret in every way there is, and fails with it where it is told to; else returns only what it is the hash of. */
export default defineTask(({ token, fails }: { token: string; fails?: boolean }, { log, progress }) => {
  console.log(`the token is ${token}.`)
  console.error(JSON.stringify({ token }))
  console.log(`?t=${encodeURIComponent(token)}`, Buffer.from(token).toString('base64'))
  log('with fields', { token, [token]: 1 })
  progress(0.5, token)
  if (fails) throw Object.assign(new RangeError(`refused ${token}`), { data: { token } })
  return createHash('sha256').update(token).digest('hex')
})
