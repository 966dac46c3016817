import type { Json } from './json.ts'

/**
 * A plan: what one workflow (or one Task, run by itself) compiles to. Immutable and content-hashed; a run keeps the
 * plan it started with. Nodes stand in pre-order: a node's id is its index in `nodes`, the root is node 0, and the
 * subtree of node `i` is the ids `i … nodes[i].end - 1`. Everything a job needs to know is here: tasks' policies,
 * queues and handlers are resolved, durations are milliseconds, references are node ids.
 */
export type Plan = {
  /** The workflow's or Task's name. */
  name: string
  kind: 'Chain' | 'Group' | 'Chord' | 'Flow' | 'Task'
  /** JSON Schemas of the inputs, by name; an input without `default` is required. For a Task: none, see `inputSchema` of node 0. */
  inputs: { [name: string]: Json }
  nodes: PlanNode[]
}

/**
 * A node. Kinds: `task` runs a handler; `chain`, `group`, `chord` and `flow` are containers, whose members start when
 * they start and which end after them; `forEach` starts its one child once per item; `any` is an or-join of a flow
 * (`needs: [{any: [...]}]`), which ends as soon as one of its sources is met; `workflow` is a part of the run that another
 * workflow describes: its one member is that workflow's root.
 *
 * A chord has two members: its header (a `group`, or a `forEach` where that is the header's only member) and its body.
 * `onError` and `finally` blocks are `chain` nodes inside the subtree of the node they belong to; they are not members.
 */
export type PlanNode = {
  kind: 'task' | 'chain' | 'group' | 'chord' | 'flow' | 'forEach' | 'any' | 'workflow'
  /** For people: ids (or, without one, positions from 0) from the root, joined by `/`; the root's is ''. */
  path: string
  /** The container's node id; -1 for the root. For a forEach's child: the forEach. For a block: the node it belongs to. */
  parent: number
  /** One past the last node id of this node's subtree. */
  end: number
  role: 'member' | 'onError' | 'finally'
  /** Edges to siblings that wait for this one. Absent: none. */
  edges?: Edge[]
  /** How many edges of siblings point here. 0: starts together with its container. */
  needs: number
  /**
   * Tells its parent when it ends. False where a sibling that waits for this one alone does so in its stead
   * (a chain's steps but the last): then the sibling's end implies this one's.
   */
  tells: boolean
  /** Evaluated before anything else of the node; must give a boolean; false ends the job `skipped`. */
  when?: Template
  /** The input; absent: `input` says which value it is by default. */
  with?: Template
  /** Where the input comes from when `with` is absent (semantics L5). */
  input: DefaultInput
  /** The shape of what others see; evaluated with `self.output` as the step's own raw result. */
  output?: Template
  /** True where a failure is tolerated: it counts as a warning and is met for those who need it. */
  allowFailure?: boolean
  retry?: RetryPolicy
  /** Limit of one attempt, ms. */
  timeoutMs?: number
  /** Limit of the whole, with waiting and retries, ms. */
  deadlineMs?: number
  /** Handlers of this node's failure; the first whose `on` matches (absent: any error) counts. */
  onError?: { on?: string[]; recover: boolean; block: number }[]
  /** Node id of the block that always runs last. */
  finally?: number
  /** True where an expression or a default input may read this node's result; else a container builds no output. */
  read?: boolean
  /** For kind `task`. */
  task?: TaskPart
  /** For kind `forEach`; its child is the node after it. */
  forEach?: ForEachPart
  /** For kind `workflow`: its name, and the inputs it declares as `Plan.inputs` has them. `with` gives them. */
  call?: { workflow: string; inputs: { [name: string]: Json } }
  /** For kind `chain`: member node ids in order, last first, as far as *previous* may have to look back for the output (L6). */
  result?: number[]
}

export type TaskPart = {
  /** The Task manifest's name or, where there is none, the handler's. */
  name: string
  handler: string
  queue: string
  /** 0 to 9, 9 first. */
  priority: number
  /** What happens to a job whose worker or child died: run it again, or fail (and have a child to itself). */
  onLost: 'requeue' | 'fail'
  inputSchema?: Json
  outputSchema?: Json
}

export type ForEachPart = {
  in: Template
  /** The name under which expressions see the item. Default `item`. */
  as: string
  where?: Template
  key?: Template
  /** At most so many items open at once; absent: no limit. */
  concurrency?: number
  /** Items handed over as lists of so many. */
  batch?: number
  /** How many failed items are tolerated: a count or a share of all, 0 to 1. */
  maxFailures: { count: number } | { share: number }
  stopOnFailure: boolean
}

/** `met`: the source succeeded, was skipped, or failed but was allowed to. `failed`: it failed or was cancelled. */
export type Edge = { to: number; on: 'met' | 'failed' }

export type RetryPolicy = {
  /** Retries after the first attempt. */
  max: number
  delayMs: number
  backoff: 'fixed' | 'linear' | 'exponential'
  maxDelayMs: number
  jitter: 'full' | 'none'
  /** Only errors with these names are retried; absent: all. */
  only?: string[]
  /** Errors with these names are not. */
  except?: string[]
}

/**
 * The input of a node without `with`: the container's input; the output of the first of `of` that ran (looking back
 * through skipped steps), else the container's input; the list of a header's outputs; an item of the enclosing
 * forEach; the error that an onError block handles; the run's inputs, or (`of`) those of the part that this `workflow` node begins.
 */
export type DefaultInput =
  | { from: 'container' }
  | { from: 'previous'; of: number[] }
  | { from: 'header'; node: number }
  | { from: 'item'; loop: number }
  | { from: 'error' }
  | { from: 'inputs'; of?: number }

/** A value with expressions in it, as compiled. Keys of maps are never templates. */
export type Template =
  | { value: Json }
  | { expression: Expression }
  | { text: (string | Expression)[] }
  | { list: Template[] }
  | { map: { [key: string]: Template } }

/**
 * An expression as compiled. `path` segments are own properties or list positions (as digits); a whole-scalar
 * expression keeps its value's type. `at` is where it stands (`file:line:col`), for errors at run time.
 */
export type Expression =
  | { kind: 'literal'; value: Json }
  | { kind: 'path'; root: Root; path: string[]; source: string; at: string }
  | { kind: 'call'; helper: string; args: Expression[]; source: string; at: string }

/**
 * What a path starts from. `step`: fields `output state error attempts startedAt endedAt` (and `failedKeys` of a
 * forEach) of a node that ended before. `item` and `loop` (`index`, `key`) belong to the forEach node `loop`.
 * `of` of `inputs` and `run`: the node of kind `workflow` whose part of the run they are of; absent: of the run.
 * `secret` stands for the text of a secret, in the `with` of a task alone.
 */
export type Root =
  | { name: 'error' | 'errors' | 'self' | 'trigger' }
  | { name: 'inputs' | 'run'; of?: number }
  | { name: 'step'; node: number }
  | { name: 'item' | 'loop'; loop: number }
  | { name: 'secret'; secret: string }
