import { setTimeout as sleep } from 'node:timers/promises'
import { moveRelay, readRelay } from '../store/event.ts'
import { holdRelay } from '../store/session.ts'
import { openConnection } from '../store/sql.ts'
import type { Context } from './context.ts'
import { openEvents } from './events.ts'

/** How long it looks again after it found nothing, ms: an event is outside so soon. */
const lookMs = 50
const idleMs = 500
/** So long may the broker still take once a stop was asked for, ms. */
const leaveMs = 1000
/** How often one that is not the relay tries to be. */
const takeOverMs = 2000

/**
 * Sends a namespace's events from the outbox to the broker, in their order, each once or more: the place is moved after they
 * are kept. One process does it, whoever holds the lock; it is a service, off every job's way.
 */
export const relay = async (context: Context, signal: AbortSignal): Promise<void> => {
  const { publish } = context.broker
  if (!publish) return
  while (!signal.aborted) {
    await send(context, publish, signal).catch(error =>
      context.log('debug', `events were not sent: ${(error as Error).message}`),
    )
    await sleep(takeOverMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {})
  }
}

/** As long as it holds the lock, and nothing fails. */
const send = async (
  context: Context,
  publish: NonNullable<Context['broker']['publish']>,
  signal: AbortSignal,
): Promise<void> => {
  const connection = await openConnection(context.database.url, { schema: context.database.schema })
  const lost = new Promise<'lost'>(resolve => connection.once('end', () => resolve('lost')))
  // The place stays where it was: who comes next sends them again.
  const stopped = new Promise<'stopped'>(resolve =>
    signal.addEventListener('abort', () => setTimeout(resolve, leaveMs, 'stopped').unref(), { once: true }),
  )
  try {
    if (!(await holdRelay(connection, context.namespace))) return
    const reader = openEvents(context, await readRelay(context.sql, context.namespace))
    for (let quietMs = lookMs; !signal.aborted; ) {
      const { events, position, more } = await reader.read()
      if (events.length > 0) {
        const publishing = publish(events.map(event => ({ stream: streamOf(event.subject), event })))
        if ((await Promise.race([publishing, stopped])) === 'stopped') return
        await moveRelay(context.sql, { namespace: context.namespace, position })
      }
      // That workers are alive is no sign that more is to come.
      const lively = events.some(event => event.type !== 'worker.heartbeat')
      quietMs = lively ? lookMs : Math.min(idleMs, quietMs * 1.5)
      if (more) continue
      if ((await Promise.race([lost, sleep(quietMs, undefined, { signal }).catch(() => null)])) === 'lost') return
    }
  } finally {
    await connection.end().catch(() => {})
  }
}

/** A run's events, its jobs' with them, stay in their order; so do a worker's. */
const streamOf = (subject: string): string => subject.split('/')[0]!
