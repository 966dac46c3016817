/** A job as a session holds it: its row, as a claim or a settle gives it. */
export type HeldJob = {
  run: string
  n: number
  plan: number
  node: number
  base: number
  parent: number | null
  item: number | null
  queue: number
  attempt: number
  failures: number
  lost: number
  /** Members or items that are not through yet; 0 for a container whose scope has ended. */
  pending: number
  /** Of a container: members or items that failed and were not allowed to. Of an `any`: sources that cannot be met any more. */
  unmet: number
  inner_base: number | null
  total: number | null
  doomed: boolean | null
  /** What was decided while `onError` or `finally` still run. */
  result: import('../model/json.ts').Json
  /** When it became ready: seconds since 1970. */
  ready: number
}

/** A queued job that nobody holds: what a hint names. */
export type QueuedJob = { queue: number; run: string; n: number; attempt: number }

/**
 * The rows that come into being when a scope opens, as columns for the store: a pure function of the plan, so the texts are
 * made once per node. `parent` is a node of the scope, or -1 for the job that opens it; numbers are `base + node`.
 * `opened` are containers that start together with their scope; `nth` counts those that are ready at once, from 0.
 */
export type Scope = {
  size: number
  node: string
  parent: string
  queue: string
  rank: string
  phase: string
  pending: string
  opened: string
  nth: string
  /** The queues of what is ready at once, for a hint: ids joined by commas. */
  hint: string
  /** The same, each by its node; empty where they are many. */
  ready: { queue: number; node: number }[]
}
