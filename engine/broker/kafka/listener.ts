import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicSettings } from '../index.ts'
import { atMost } from './at-most.ts'
import { type KafkaClient, UnknownTopic } from './client.ts'
import type { Topics } from './topics.ts'

export type Listener = {
  /** Null while it hears. */
  deaf(): string | null
  /** Leaves the group; what hangs meanwhile is not waited for. */
  stop(): Promise<void>
}

/** Why one is deaf that has not tried yet. */
export const notYet = 'it is not connected yet'
/** So long may a consumer take to leave: a long poll, and an answer. */
const leaveMs = 1500

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
    /** It hears from now on, or again after partitions were given out anew; what was said before is lost. */
    onHearing(): void
    /** It hears nothing until it hears again. Called with each try that fails. */
    onDeaf(reason: string): void
  },
): Listener => {
  const { topic, settings, group, onRecords } = options
  const abort = new AbortController()
  const { signal } = abort
  const stopped = new Promise<null>(resolve => signal.addEventListener('abort', () => resolve(null), { once: true }))
  let reason: string | null = notYet

  const fell = (error: Error) => {
    if (signal.aborted) return
    reason = error instanceof UnknownTopic ? `topic ${topic} does not exist` : error.message
    topics.forget(topic) // it may be what is wrong
    options.onDeaf(reason)
  }
  const listen = async () => {
    await topics.ready(topic, settings, signal)
    if (signal.aborted) return
    const failed = Promise.withResolvers<Error>()
    const consumer = await client.consume({
      group,
      topic,
      onRecords,
      onHearing() {
        reason = null
        options.onHearing()
      },
      onFailed: failed.resolve,
    })
    const error = await Promise.race([failed.promise, stopped])
    if (error) fell(error)
    await atMost(leaveMs, consumer.stop()) // over a connection that is half-open it would wait for ever
  }
  const run = async () => {
    for (let waitMs = 200; !signal.aborted; waitMs = Math.min(waitMs * 2, 2000)) {
      const since = performance.now()
      await listen().catch(fell)
      if (performance.now() - since > 30_000) waitMs = 200
      await sleep(waitMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }
  const done = run()
  return {
    deaf: () => reason,
    async stop() {
      abort.abort()
      await atMost(leaveMs, done)
    },
  }
}
