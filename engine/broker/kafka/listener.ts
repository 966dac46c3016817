import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicSettings } from '../index.ts'
import { type KafkaClient, UnknownTopic } from './client.ts'
import type { Topics } from './topics.ts'

export type Listener = {
  /** Null while it hears. */
  deaf(): string | null
  stop(): Promise<void>
}

/**
 * Reads a topic for as long as it is wanted, through everything that may happen to a consumer: each failure ends that
 * consumer, and after a while, with another jitter for everybody, there is a new one.
 */
export const openListener = (
  client: KafkaClient,
  topics: Topics,
  options: {
    topic: string
    settings: TopicSettings
    group: string
    onRecords(values: (Buffer | null)[]): void
    /** It hears from now on; what was said before is lost. */
    onHearing(): void
  },
): Listener => {
  const { topic, settings, group, onRecords } = options
  const abort = new AbortController()
  const { signal } = abort
  let reason: string | null = 'it is not connected yet'

  const listen = async () => {
    await topics.ready(topic, settings, signal)
    if (signal.aborted) return
    const failed = Promise.withResolvers<Error>()
    const consumer = await client.consume({ group, topic, onRecords, onFailed: failed.resolve })
    reason = null
    options.onHearing()
    const error = await Promise.race([failed.promise, aborted(signal)])
    await consumer.stop()
    if (error) throw error
  }
  const run = async () => {
    for (let waitMs = 200; !signal.aborted; waitMs = Math.min(waitMs * 2, 2000)) {
      const since = performance.now()
      await listen().catch(error => {
        reason = error instanceof UnknownTopic ? `topic ${topic} does not exist` : (error as Error).message
        topics.forget(topic) // it may be what is wrong
      })
      if (performance.now() - since > 30_000) waitMs = 200
      await sleep(waitMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }
  const done = run()
  return {
    deaf: () => reason,
    async stop() {
      abort.abort()
      await done
    },
  }
}

const aborted = (signal: AbortSignal): Promise<null> =>
  new Promise(resolve =>
    signal.aborted ? resolve(null) : signal.addEventListener('abort', () => resolve(null), { once: true }),
  )
