import type { JobError } from '../model/errors.ts'
import { evaluate, ExpressionError, references, type Scope } from '../model/expression.ts'
import { checkInputs } from '../model/input.ts'
import type { Json, JsonObject } from '../model/json.ts'
import type { PlanNode, Root } from '../model/plan.ts'
import type { HeldJob } from '../store/job.ts'
import { reserve } from '../store/open.ts'
import { readChunk, readFailures, readList } from '../store/outcome.ts'
import type { Sql } from '../store/sql.ts'
import { type Action, cancelled, type Decision, end, itemShape, jobError, noAttempt } from './action.ts'
import { expand } from './expand.ts'
import { finish } from './finish.ts'
import { isLostConnection } from './patience.ts'
import type { LoadedPlan } from './plans.ts'
import { inputOf, inputRoots } from './input.ts'
import { chunkSize, type Values } from './values.ts'

/** What is stored of one value at most; beyond it the job fails (semantics A6). */
export const maxOutputBytes = 16 * 1024 * 1024

export type Held = { job: HeldJob; loaded: LoadedPlan }

/**
 * Decides for jobs that need no handler (semantics R10): guards, containers that start or whose scope has ended, forEach,
 * or-joins. An expression that has no value fails its job alone.
 */
export const decideAll = async (sql: Sql, values: Values, held: Held[]): Promise<Action[]> => {
  const scopes = await values.gather(held.map(({ job, loaded }) => ({ job, loaded, roots: rootsOf(job, loaded) })))
  return Promise.all(
    held.map(({ job, loaded }, i) =>
      decide(sql, job, loaded, scopes[i]!).catch((error: unknown) => {
        if (error instanceof ExpressionError)
          return finish(job, loaded, failed({ name: 'ExpressionError', message: error.message }), noAttempt)
        if (isJobError(error)) return finish(job, loaded, failed(error), noAttempt)
        if (isLostConnection(error)) throw error
        return finish(job, loaded, failed({ name: 'InternalError', message: (error as Error).message }), noAttempt)
      }),
    ),
  )
}

const decide = async (sql: Sql, job: HeldJob, loaded: LoadedPlan, scope: Scope): Promise<Action> => {
  if (job.inner_base !== null) return close(sql, job, loaded, scope)
  const node = loaded.nodes[job.node]!
  if (job.doomed) return end(job, loaded, cancelled, noAttempt)
  if (node.when && job.failures === 0 && !condition(node, scope)) return end(job, loaded, skipped, noAttempt)
  if (node.kind === 'any')
    return end(
      job,
      loaded,
      job.pending === 0 && job.unmet > 0 && job.unmet >= node.needs ? omitted : succeeded(null),
      noAttempt,
    )
  if (node.kind === 'task') return routeOf(job, loaded)
  if (node.kind === 'forEach') return expand(sql, job, loaded, scope)
  return openContainer(sql, job, loaded, scope)
}

const condition = (node: PlanNode, scope: Scope): boolean => {
  const value = evaluate(node.when!, scope)
  if (typeof value !== 'boolean')
    throw jobError(
      'ExpressionError',
      `\`when\` of ${node.path} gave ${JSON.stringify(value)}; a condition must be true or false`,
    )
  return value
}

const routeOf = (job: HeldJob, loaded: LoadedPlan): Action => {
  const node = loaded.nodes[job.node]!
  const { run, n, attempt } = job
  return {
    do: 'route',
    job,
    route: {
      run,
      n,
      attempt,
      queue: loaded.ownQueue(job.node),
      rank: 9 - node.task!.priority,
      take: true,
      deadlineMs: node.deadlineMs ?? null,
    },
  }
}

/** The first round of a container lies where the plan has it; a further one gets numbers of its own. */
const openContainer = async (sql: Sql, job: HeldJob, loaded: LoadedPlan, scope: Scope): Promise<Action> => {
  checkPassed(loaded.nodes[job.node]!, scope)
  const pending = loaded.tellers(job.node)
  const { run, n, attempt } = job
  if (pending === 0)
    return finish(job, loaded, succeeded(loaded.nodes[job.node]!.kind === 'group' ? [] : null), noAttempt)
  const count = loaded.nodes[job.node]!.end - job.node
  const base = job.failures === 0 ? job.base : (await reserve(sql, { run, n, count })) - job.node
  return {
    do: 'open',
    job,
    scope: loaded.scope(job.node),
    takes: loaded.nodes[job.node]!.kind === 'chain' ? 1 : 4,
    deadlineMs: job.parent === null ? null : (loaded.nodes[job.node]!.deadlineMs ?? null), // the root's is set by the start
    opening: { run, n, attempt, pending, innerBase: base, base, result: null, always: false, begins: true },
  }
}

/** What is passed to a workflow is what it declares, or it does not begin. */
const checkPassed = ({ call, with: passed }: PlanNode, scope: Scope): void => {
  if (!call) return
  const checked = checkInputs(call.inputs, evaluate(passed!, scope))
  if ('errors' in checked)
    throw jobError('InvalidInput', `the input of workflow "${call.workflow}" is wrong: ${checked.errors.join('; ')}`)
}

/** A scope has ended: the members', or a block's. */
const close = async (sql: Sql, job: HeldJob, loaded: LoadedPlan, scope: Scope): Promise<Action> => {
  const result = job.result as JsonObject | null
  if (result?.stage === 'finally') return finish(job, loaded, decided(result), noAttempt, 'finally')
  if (result?.stage === 'onError') {
    const block = scope.lookup({ name: 'step', node: result.block as number }) as JsonObject | undefined
    const recovered = result.recover === true && block?.state === 'succeeded'
    return finish(job, loaded, recovered ? succeeded(block.output ?? null) : decided(result), noAttempt, 'onError')
  }
  if (result) return finish(job, loaded, decided(result), noAttempt)
  if (job.doomed) return finish(job, loaded, cancelled, noAttempt)
  return finish(job, loaded, await outcomeOf(sql, job, loaded, scope), noAttempt)
}

/** How a container's members went together. */
const outcomeOf = async (sql: Sql, job: HeldJob, loaded: LoadedPlan, scope: Scope): Promise<Decision> => {
  const node = loaded.nodes[job.node]!
  if (node.kind === 'forEach') return outcomeOfLoop(sql, job, loaded)
  if (job.unmet > 0) return failureOf(sql, job, loaded)
  if (node.output)
    return succeeded(
      withinLimit(
        evaluate(node.output, { lookup: root => (root.name === 'self' ? { output: null } : scope.lookup(root)) }),
        node,
      ),
    )
  if (!node.read && node.parent >= 0) return succeeded(null)
  if (node.kind === 'group') return succeeded(await groupList(sql, job, loaded))
  if (node.kind === 'chain') return succeeded(chainOutput(loaded.nodes, job.node, scope))
  const last = lastMember(loaded, job.node)
  if (last !== undefined)
    return succeeded((scope.lookup({ name: 'step', node: last }) as JsonObject | undefined)?.output ?? null)
  return succeeded(null)
}

const outcomeOfLoop = async (sql: Sql, job: HeldJob, loaded: LoadedPlan): Promise<Decision> => {
  const node = loaded.nodes[job.node]!
  const { maxFailures } = node.forEach!
  const total = job.total ?? 0
  const limit = 'count' in maxFailures ? maxFailures.count : Math.floor(maxFailures.share * total)
  if (job.unmet > limit) return failureOf(sql, job, loaded)
  const { stride } = itemShape(loaded, job.node)
  const list = node.read ? await readList(sql, { run: job.run, first: job.inner_base!, stride, count: total }) : null
  if (list && Buffer.byteLength(list) > maxOutputBytes) throw tooLarge(node, Buffer.byteLength(list))
  const failures =
    job.unmet > 0 ? await readFailures(sql, { run: job.run, parent: job.n, base: null, limit: job.unmet }) : []
  const error = failures.length
    ? {
        name: 'ItemsFailed',
        message: `${job.unmet} of ${total} items failed, which maxFailures allows`,
        failedKeys: await keysOf(sql, job, failures),
      }
    : null
  return { state: 'succeeded', output: null, error, warnings: job.unmet, ...(list ? { outputText: list } : {}) }
}

/** What people call the failed items, in the order of the items: their keys, or their positions. */
const keysOf = async (sql: Sql, job: HeldJob, failures: { item: number | null }[]): Promise<string[]> => {
  const items = failures.map(failure => failure.item!).sort((a, b) => a - b)
  const chunks = new Map<number, string[] | null>()
  for (const chunk of new Set(items.map(item => Math.floor(item / chunkSize))))
    chunks.set(chunk, (await readChunk(sql, { run: job.run, n: job.n, chunk })).keys)
  return items.map(item => chunks.get(Math.floor(item / chunkSize))?.[item % chunkSize] ?? String(item))
}

const failureOf = async (sql: Sql, job: HeldJob, loaded: LoadedPlan): Promise<Decision> => {
  const node = loaded.nodes[job.node]!
  const base = node.kind === 'forEach' ? null : job.inner_base
  const all = await readFailures(sql, { run: job.run, parent: job.n, base, limit: 100 })
  const failures = all.filter(
    failure => loaded.nodes[failure.node]!.role === 'member' && !loaded.nodes[failure.node]!.allowFailure,
  )
  const errors = failures.map(failure => {
    const error = (failure.error ?? { name: 'Cancelled', message: 'cancelled' }) as JsonObject
    return { ...error, step: stepPath(loaded.nodes, failure, error), attempts: failure.tries } as JsonObject
  })
  const { stack: _, ...first } = errors[0] ?? { name: 'Cancelled', message: 'a member was cancelled' }
  return {
    state: 'failed',
    output: null,
    error: first as Json,
    errors: errors.map(({ stack: __, ...rest }) => rest as Json),
  }
}

/** The path of the step where it went wrong; an item's with its position. */
const stepPath = (nodes: PlanNode[], failure: { node: number; item: number | null }, error: JsonObject): string => {
  const node = nodes[failure.node]!
  const path = typeof error.step === 'string' ? error.step : node.path
  const loop = nodes[node.parent]
  return loop?.kind === 'forEach' && failure.item !== null
    ? `${loop.path}[${failure.item}]${path.slice(loop.path.length)}`
    : path
}

/** A group's list. Members are numbered with gaps, since each has its subtree. */
const groupList = async (sql: Sql, job: HeldJob, loaded: LoadedPlan): Promise<Json> => {
  const members = loaded.members(job.node)
  const first = members[0]! + job.inner_base!
  const last = members.at(-1)! + job.inner_base!
  const list = JSON.parse(await readList(sql, { run: job.run, first, stride: 1, count: last - first + 1 })) as Json[]
  return withinLimit(
    members.map(member => list[member + job.inner_base! - first] ?? null),
    loaded.nodes[job.node]!,
  )
}

/** The member whose output is that of the whole: a chord's body, the root of a workflow that is a part. */
const lastMember = ({ nodes, members }: LoadedPlan, id: number): number | undefined => {
  const { kind } = nodes[id]!
  return kind === 'chord' || kind === 'workflow' ? members(id).at(-1) : undefined
}

/** What *previous* would be after the last step (semantics L6). */
const chainOutput = (nodes: PlanNode[], id: number, scope: Scope): Json => {
  for (const candidate of nodes[id]!.result ?? []) {
    const step = scope.lookup({ name: 'step', node: candidate }) as JsonObject | undefined
    if (step && step.state !== 'skipped') return step.output ?? null
  }
  return inputOf(nodes, id, scope)
}

const withinLimit = (value: Json, node: PlanNode): Json => {
  const bytes = Buffer.byteLength(JSON.stringify(value))
  if (bytes > maxOutputBytes) throw tooLarge(node, bytes)
  return value
}

const tooLarge = (node: PlanNode, bytes: number): JobError =>
  jobError(
    'OutputTooLarge',
    `the output of ${node.path || 'the workflow'} has ${bytes} bytes; at most ${maxOutputBytes} are kept: pass a reference, or shape it with \`output\``,
  )

/** What the decision has to read. */
const rootsOf = (job: HeldJob, loaded: LoadedPlan): Root[] => {
  const { nodes } = loaded
  const node = nodes[job.node]!
  const result = job.result as JsonObject | null
  if (job.inner_base === null) {
    const roots = node.when ? references(node.when) : []
    if (node.call) roots.push(...references(node.with!))
    if (node.forEach)
      for (const t of [node.forEach.in, node.forEach.where, node.forEach.key]) if (t) roots.push(...references(t))
    return roots.filter(
      root => !(root.name === 'item' && root.loop === job.node) && !(root.name === 'loop' && root.loop === job.node),
    )
  }
  if (result?.stage === 'onError') return [{ name: 'step', node: result.block as number }]
  if (result || job.unmet > 0) return []
  if (node.output) return references(node.output)
  if (!node.read && node.parent >= 0) return []
  if (node.kind === 'chain')
    return [...(node.result ?? []).map(id => ({ name: 'step', node: id }) as const), ...inputRoots(nodes, job.node)]
  const last = lastMember(loaded, job.node)
  return last === undefined ? [] : [{ name: 'step', node: last }]
}

const decided = (result: JsonObject): Decision => ({
  state: result.state as Decision['state'],
  output: result.output ?? null,
  error: result.error ?? null,
  ...(typeof result.warnings === 'number' ? { warnings: result.warnings } : {}),
  ...(result.last === true ? { last: true } : {}),
})
const succeeded = (output: Json): Decision => ({ state: 'succeeded', output, error: null })
const failed = (error: JobError): Decision => ({ state: 'failed', output: null, error: error as unknown as Json })
const skipped: Decision = { state: 'skipped', output: null, error: null }
const omitted: Decision = { state: 'omitted', output: null, error: null }
const isJobError = (error: unknown): error is JobError =>
  typeof error === 'object' && error !== null && !(error instanceof Error) && 'name' in error
