import { setTimeout as sleep } from 'node:timers/promises'
import { runningBackfills } from '../store/backfill.ts'
import { type Boss, openBoss } from '../store/boss.ts'
import { removeDrained } from './change/remove.ts'
import type { Context } from './context.ts'
import { runBackfill } from './schedule/backfill.ts'
import { type Known, openKnown } from './schedule/known.ts'

/** How often it looks whether there is something to do, where no message comes, ms. */
const lookMs = 5000
/** Where there is, it asks for it again so often: in case that whoever did it has died, ms. */
const askMs = 1000

/**
 * Does what the engine has to do durably and in its own time: backfills, and deleting what drained. pg-boss sees to it that each backfill is done by one process, and
 * by another when that dies; it is opened when there is something to do for the first time, because it costs connections.
 */
export const chores = async (context: Context, signal: AbortSignal): Promise<void> => {
  const known = openKnown(context.log)
  let boss: Boss | null = null
  let wake = new AbortController()
  const controls = await context.broker.onControl(message => {
    if (message.type === 'triggers') wake.abort()
  })
  while (!signal.aborted) {
    let pauseMs = lookMs
    wake = new AbortController()
    try {
      if ((await removeDrained(context)) > 0) pauseMs = askMs
      const running = await runningBackfills(context.sql, context.namespace)
      if (running.length > 0) {
        boss ??= await open(context, known, signal)
        for (const { id } of running) await boss.ask('backfill', String(id))
        pauseMs = askMs
      }
    } catch (error) {
      context.log('debug', `chores could not be looked at: ${(error as Error).message}`)
    }
    await sleep(pauseMs, undefined, { signal: AbortSignal.any([signal, wake.signal]) }).catch(() => {})
  }
  await Promise.all([controls.stop(), boss?.stop()])
}

const open = async (context: Context, known: Known, signal: AbortSignal): Promise<Boss> => {
  const boss = await openBoss(context.database, error => context.log('debug', `pg-boss: ${error.message}`))
  await boss.work('backfill', (key, lost) => runBackfill(context, known, Number(key), AbortSignal.any([signal, lost])))
  return boss
}
