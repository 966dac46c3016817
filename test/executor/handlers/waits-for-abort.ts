import type { Context } from '../../../engine/task.ts'

/** Ends when it is aborted: by a value, by an error, or with what the signal says. */
export default (input: { end: 'return' | 'throw' | 'now' }, { signal, log }: Context) =>
  new Promise((resolve, reject) => {
    if (input.end === 'now') return resolve(null)
    signal.addEventListener('abort', () => {
      log(`aborted: ${(signal.reason as Error).name}`)
      if (input.end === 'return') resolve('stopped in time')
      else reject(signal.reason)
    })
    log('waits')
  })
