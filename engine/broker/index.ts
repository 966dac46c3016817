import { openPostgres } from './postgres.ts'

/**
 * Something may be ready: jobs by name, or (without `jobs`) a bump that says only which queue. A hint may be lost, doubled,
 * delayed or reordered; claims in Postgres decide.
 */
export type Hint = { queue: number; jobs?: { run: string; n: number; attempt: number }[] }

/** State first, message second: what it speaks of is in the store already, the message only says *look now*. */
export type Control =
  | { type: 'cancel'; run: string; jobs: { n: number; session: number }[] }
  | { type: 'queues' }
  | { type: 'timers' }
  | { type: 'commands' }

export type Health = { state: 'up' | 'degraded' | 'down'; reason?: string; dropped: number }

/**
 * Carries hints and control messages between processes. The contract is weak on purpose, so that a notification and a Kafka
 * record can both keep it, and one that drops, doubles, delays and reorders everything as well.
 */
export type Broker = {
  /** Announces ready jobs. Returns at once, never throws, may drop. */
  ring(hints: Hint[]): void
  /** Hands over hints for these queues, in any order, any number of times or never. */
  listen(queues: number[], on: (hints: Hint[]) => void): Promise<{ stop(): Promise<void> }>
  /** To every process that listens, or to fewer. Returns at once, never throws. */
  broadcast(message: Control): void
  onControl(on: (message: Control) => void): Promise<{ stop(): Promise<void> }>
  health(): Health
  close(): Promise<void>
}

export type BrokerOptions = { databaseUrl: string; schema: string }

/** The brokers there are, by name. */
export const brokers: Record<string, (options: BrokerOptions) => Promise<Broker>> = {
  postgres: openPostgres,
}
