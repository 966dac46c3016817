/**
 * All that tq asks of a Kafka client. Nothing outside of this folder knows more, and nothing outside of `kafkajs.ts` knows
 * which client it is, so that another can take its place.
 */
export type KafkaClient = {
  /** Connected when it resolves. */
  producer(): Promise<Producer>
  admin(): Promise<Admin>
  /**
   * Reads one topic as a member of a group until `stop`, or until it fails: then it has left the group, and stays so.
   * Resolves when it has joined. Positions are never committed: messages are hints, and a claim is their acknowledgement.
   */
  consume(options: ConsumeOptions): Promise<{ stop(): Promise<void> }>
  /** Ends all connections at once. What is under way fails, and so does what is asked for later. */
  destroy(): void
}

export type ConsumeOptions = {
  group: string
  topic: string
  /** Called in turn and not awaited: it may do no more than to hand over. */
  onRecords(values: (Buffer | null)[]): void
  /** It reads what is written from now on; again whenever its places are looked up anew, as when the group gave out partitions. */
  onHearing(): void
  onFailed(error: Error): void
}

export type Message = { partition: number; value: string | Buffer; key?: string; headers?: Record<string, string> }

export type Producer = {
  /** @throws UnknownTopic, or whatever the client throws: then none, some or all were written */
  send(topic: string, messages: Message[], options: { all: boolean }): Promise<void>
  close(): Promise<void>
}

export type NewTopic = { topic: string; partitions: number; replication: number; retentionMs: number }

export type Admin = {
  /** Number of partitions of those topics that exist. */
  partitions(topics: string[]): Promise<Map<string, number>>
  /** How many brokers the cluster has. */
  brokers(): Promise<number>
  /** Creates those that do not exist. @throws Forbidden where the cluster does not let us */
  create(topics: NewTopic[]): Promise<void>
  /** Replicas and retention of topics that exist. */
  describe(topics: string[]): Promise<Map<string, { replication: number; retentionMs: number | null }>>
  list(): Promise<string[]>
  delete(topics: string[]): Promise<void>
  /** Forgets a group that has no members. */
  deleteGroup(group: string): Promise<void>
  close(): Promise<void>
}

/** A topic that is not there: others of the same client are not to suffer from it. */
export class UnknownTopic extends Error {
  override name = 'UnknownTopic'
}

/** The cluster's rules forbid it. */
export class Forbidden extends Error {
  override name = 'Forbidden'
}

export type KafkaOptions = {
  /** `host:port`, of some brokers of the cluster. */
  brokers: string[]
  clientId: string
  /** What the names of topics and groups begin with. */
  topicPrefix: string
  sasl: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string } | null
  /** TLS with the system's roots where it is empty; PEM texts. */
  tls: { ca?: string; cert?: string; key?: string } | null
}
