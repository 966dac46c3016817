import type { KafkaOptions } from './kafka/client.ts'
import { openPostgres } from './postgres.ts'

export type { KafkaOptions } from './kafka/client.ts'

/**
 * Something may be ready: jobs by name, or (without `jobs`) a bump that says only which queue, and perhaps how many. A hint may
 * be lost, doubled, delayed or reordered; claims in Postgres decide.
 */
export type Hint = { queue: number; jobs?: { run: string; n: number; attempt: number }[]; count?: number }

/** State first, message second: what it speaks of is in the store already, the message only says *look now*. */
export type Control =
  | { type: 'cancel'; run: string; jobs: { n: number; session: number }[]; graceMs?: number }
  | { type: 'queues' }
  | { type: 'triggers' }
  | { type: 'timers' }
  | { type: 'commands' }

/** `dropped`: messages that were not sent; `refused`: that came and were not understood, by reason. */
export type Health = {
  state: 'up' | 'degraded' | 'down'
  reason?: string
  dropped: number
  refused: { [reason: string]: number }
}

/** An event as CloudEvents has it; what of it a broker must know. `stream`: those of one stream stay in their order. */
export type Event = {
  stream: string
  event: { id: string; type: string; source: string; subject: string; time: string; data: object } & Record<
    string,
    unknown
  >
}

/** How a queue's messages are kept, where a broker has topics. Absent: its default. */
export type TopicSettings = { partitions?: number; replication?: number; retentionMs?: number }
export type TopicReport = {
  topic: string
  /** missing: it may not be created; `detail` says how somebody else can. differs: `detail` says in what. failed: why. */
  state: 'ok' | 'created' | 'differs' | 'missing' | 'failed' | 'deleted'
  detail?: string
}

/**
 * Carries hints and control messages between processes. The contract is weak on purpose, so that a notification and a Kafka
 * record can both keep it, and one that drops, doubles, delays and reorders everything as well.
 */
export type Broker = {
  /** A channel that the statement which starts a run notifies; null where `ring` is to say it. */
  channel: string | null
  /** Announces ready jobs. Returns at once, never throws, may drop. */
  ring(hints: Hint[]): void
  /** Hands over hints for these queues, in any order, any number of times or never. */
  listen(queues: number[], on: (hints: Hint[]) => void): Promise<{ stop(): Promise<void> }>
  /** To every process that listens, or to fewer. Returns at once, never throws. */
  broadcast(message: Control): void
  onControl(on: (message: Control) => void): Promise<{ stop(): Promise<void> }>
  /**
   * Sends events to whom it may concern outside: resolves when they are kept, throws where they are not. Null: this broker
   * has nobody to send them to, who wants them reads the outbox.
   */
  publish: ((events: Event[]) => Promise<void>) | null
  health(): Health
  /**
   * What the broker needs for these queues is made, or said; with `prune` what no queue needs any more is deleted. `create` false: it is
   * only looked at.
   */
  ensureTopics(
    queues: { name: string; topic: TopicSettings }[],
    options: { prune: boolean; create?: boolean },
  ): Promise<TopicReport[]>
  close(): Promise<void>
}

export type BrokerOptions = {
  databaseUrl: string
  schema: string
  namespace: string
  /** A queue by its id. */
  queue(id: number): Promise<{ name: string; topic: TopicSettings } | undefined>
  /** With it the broker is Kafka. */
  kafka?: KafkaOptions | null
  log?(message: string): void
}

/** The broker that the configuration asks for. */
export const openBroker = async (options: BrokerOptions): Promise<Broker> => {
  if (!options.kafka) return openPostgres(options)
  const { openKafka } = await import('./kafka/index.ts') // its client takes 60 ms to load
  return openKafka({ ...options, kafka: options.kafka })
}
