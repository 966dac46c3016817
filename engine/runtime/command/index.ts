import type { Json, JsonObject } from '../../model/json.ts'
import type { Children } from '../children.ts'
import type { Context } from '../context.ts'
import type { Serving } from '../serving.ts'
import type { InFlight } from '../task.ts'
import type { Totals } from '../totals.ts'
import type { WorkerOptions } from '../worker.ts'
import { orders } from './order.ts'
import { questions } from './question.ts'

/** What commands see and change of a worker. */
export type Subject = {
  context: Context
  /** As it was started. */
  options: WorkerOptions
  /** Null while it has none: then it obeys nobody. */
  session(): number | null
  children: Children
  serving: Serving
  /** Tasks' jobs that are in the pool. */
  jobs(): Iterable<InFlight>
  totals: Totals
  /** By task, ms: in place of its `timeout`, for attempts that start from now on. */
  timeLimits: Map<string, number>
  /** What other processes see of it has changed. */
  restate(): Promise<void>
  /** Takes nothing new, lets what runs end for at most so many ms, and ends the worker. Once more: sooner. */
  leave(drainMs: number): void
}

/** What it does and answers. What it throws is the answer too. */
export type Command = (subject: Subject, body: JsonObject) => Promise<Json> | Json

/** What a worker can be asked, by name: questions change nothing, orders do. */
export const commands: Record<string, Command> = { ...questions, ...orders }
