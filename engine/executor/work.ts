import type { JobError } from '../model/errors.ts'

/** One attempt of a job, as a child needs it. */
export type Work = {
  /** Names the attempt to the pool; unique while the pool is open. */
  key: number
  /** The handler's name: its path in the handlers' folder, without extension. */
  handler: string
  /** JSON text. */
  input: string
  attempt: number
  idempotencyKey: string
  run: string
  job: string
  task: string
  /** Limit of this attempt, ms, from its start in the child. */
  timeoutMs?: number
  /** Runs with nothing else in its child: a task with `onLost: fail`, or a job whose child died before. */
  alone: boolean
  /** Known to take long: nothing is put behind it. */
  long?: boolean
}

/**
 * How an attempt ended. `ranMs` is the handler's time without its loading; `code` the first 12 hex digits of the SHA-256
 * of the handler's file. `crashed`: its child died while it ran, through it or a neighbour, so it counts as lost.
 */
export type Result =
  | { key: number; ok: true; output: string; ranMs: number; code: string }
  | { key: number; ok: false; error: JobError; ranMs: number; code?: string; crashed?: boolean }

/** A line a handler wrote. `key` is null where no attempt can be named. */
export type LogLine = {
  key: number | null
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  fields?: Record<string, unknown>
}

export type Progress = { key: number; fraction: number; text?: string }

export type PoolOptions = {
  /** Processes. */
  children: number
  /** Attempts that one child runs at once. */
  slots: number
  handlersDir: string
  /** Heap limit of a child, MB; one whose resident memory is over it is replaced after what it holds. */
  memoryMb?: number
  /** Attempts after which a child is replaced. Default: never. */
  recycleAfter?: number
  /** From the soft abort of an attempt to the kill of its child, ms. */
  graceMs: number
  /** What handlers see beside PATH, HOME, TZ and LANG. */
  env?: Record<string, string>
  onResults(results: Result[]): void
  /** Attempts handed back before they started: not counted. */
  onReleased(keys: number[]): void
  onLog?(lines: LogLine[]): void
  onProgress?(progress: Progress[]): void
}

export type PoolStats = {
  children: { pid: number; ready: boolean; retiring: boolean; held: number; started: number; ran: number }[]
  /** Children that died since the pool opened; replacements by `recycleAfter`, memory or `recycle` do not count. */
  deaths: number
  /** Moving average of a handler's time, ms; undefined before the first result. */
  averageMs: number | undefined
  /** Given, but not yet to a child: `alone` work that waits for one to be empty. */
  waiting: number
}

/** An attempt that the pool has: in the child `pid`, running since `startedAt` of this process's monotonic clock, ms. */
export type PoolAttempt = { key: number; pid: number | null; startedAt: number | null }

export type Pool = {
  /** Hands work to children; not more than `capacity()` said. */
  run(work: Work[]): void
  /** How many attempts the pool can take now: free slots and what may wait behind them (semantics R12). */
  capacity(): number
  /**
   * Aborts `ctx.signal` of an attempt; kills its child when it still runs after the grace. Once more: with a shorter grace
   * sooner. An unknown key is ignored.
   */
  abort(key: number, reason: 'Timeout' | 'Cancelled', graceMs?: number): void
  /** Whether every child holds more than twice what `capacity` would give it: what it holds now takes its time. */
  behind(): boolean
  /** Whether the handler of an attempt is known to have begun. */
  started(key: number): boolean
  resize(children: number): void
  /** Replaces every child after what it holds, as when handlers have changed. */
  recycle(): void
  stats(): PoolStats
  attempts(): PoolAttempt[]
  /**
   * Hands back what has not started, waits up to `drainMs` for what has, then kills: those fail with `crashed`.
   * Every attempt has been reported when it resolves. `drainMs` Infinity kills none. Once more: sooner.
   */
  close(options: { drainMs: number }): Promise<void>
}
