import { nextDue, promoteDue, ringAlarms, silence } from '../store/timer.ts'
import type { Context } from './context.ts'
import { passDeadline } from './deadline.ts'
import { openNap } from './nap.ts'

/** The longest sleep, ms: the bound on a lost message that something was scheduled. */
const maxSleepMs = 1000
/** The same while the broker does not carry. */
const deafMs = 300

/** Queues scheduled jobs when their time has come, and acts on deadlines. Sleeps until the next is due, or is told of one. */
export const timers = async (context: Context, signal: AbortSignal): Promise<void> => {
  const nap = openNap(signal)
  const controls = await context.broker.onControl(message => {
    if (message.type === 'timers') nap.wake()
  })
  while (!signal.aborted) {
    const longest = context.broker.health().state === 'up' ? maxSleepMs : deafMs
    let sleepMs = longest
    try {
      let due = await nextDue(context.sql)
      if (due !== null && due <= 0) {
        await act(context)
        due = await nextDue(context.sql)
      }
      if (due !== null) sleepMs = Math.min(longest, Math.max(0, due))
    } catch (error) {
      context.log('debug', `the timers could not look: ${(error as Error).message}`)
    }
    await nap.sleep(sleepMs)
  }
  await controls.stop()
}

const act = async (context: Context): Promise<void> => {
  const queued = await promoteDue(context.sql, { limit: 1000, events: context.events() })
  if (queued.length > 0) context.broker.ring([...new Set(queued.map(job => job.queue))].map(queue => ({ queue })))
  const rung = await ringAlarms(context.sql, { limit: 200, againMs: 2000 })
  for (const alarm of rung) if (await passDeadline(context, alarm)) await silence(context.sql, [alarm])
}
