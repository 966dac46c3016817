import { nextFire } from '../store/schedule.ts'
import type { Context } from './context.ts'
import { isLostConnection } from './patience.ts'
import { fireDue } from './schedule/fire.ts'
import { openKnown } from './schedule/known.ts'
import { openNap } from './nap.ts'

/** The longest sleep, ms: the bound on a lost message that a schedule has changed. */
const maxSleepMs = 1000
/** The same where there is no schedule at all, as with most workers. */
const noneMs = 5000
/** The shortest, ms: what comes due within it is fired together, because a transaction costs as much for ten as for one. */
const minSleepMs = 30
/** Schedules in one transaction: they are held for some 100 ms, and other beats take what is not held. */
const batch = 500

/**
 * Fires schedules when their time has come, by the clock of the database. Any number of beats may run at once, in any
 * processes: they share the work, and each fire time has one run whatever becomes of them.
 */
export const beat = async (context: Context, signal: AbortSignal): Promise<void> => {
  const known = openKnown(context.log)
  const nap = openNap(signal)
  let looked = 0
  /** Where something was due just now, something else may be: not worth asking first. */
  let busy = false
  const controls = await context.broker.onControl(message => {
    if (message.type === 'triggers') nap.wake()
    if (message.type === 'queues') looked = 0
  })
  while (!signal.aborted) {
    let sleepMs = maxSleepMs
    const began = performance.now()
    try {
      if (began - looked > 5000) {
        await context.lookAtEvents()
        looked = began
      }
      const due = busy ? 0 : await nextFire(context.sql, context.namespace)
      busy = false
      if (due === null && context.broker.health().state === 'up') sleepMs = noneMs
      if (due !== null && due <= 0) {
        const handled = await fireDue(context, known, { limit: batch })
        if (handled === batch) continue
        busy = handled > 0
        sleepMs = minSleepMs
      } else if (due !== null) sleepMs = Math.max(0, Math.min(maxSleepMs, Math.ceil(due)))
    } catch (error) {
      const level = isLostConnection(error) ? 'debug' : 'error'
      context.log(level, `the beat could not fire: ${(error as Error).message}`)
    }
    await nap.sleep(sleepMs)
  }
  await controls.stop()
}
