import { parseDuration } from '../../model/duration.ts'
import type { Json, JsonObject } from '../../model/json.ts'
import { isObject } from '../../model/json.ts'
import type { ForEachPart, RetryPolicy, TaskPart } from '../../model/plan.ts'
import { didYouMean } from '../../model/similar.ts'
import { goesAway } from '../catalog.ts'
import { type Compilation, type Item, report } from '../compilation.ts'
import { checkErrorNames } from './errorName.ts'

/** Gives a node its policies: a task's from the step, else its Task, else the workflow's `defaults`, key by key (L3). */
export const applyPolicy = (compilation: Compilation, item: Item): void => {
  const { node, step } = item
  const isTask = node.kind === 'task'
  const task = isTask ? taskSpec(compilation, item) : {}
  const defaults = isTask && isObject(compilation.spec.defaults) ? compilation.spec.defaults : {}
  const retry = step.retry ?? task.retry ?? defaults.retry
  const timeout = duration(step.timeout ?? task.timeout ?? defaults.timeout)
  const deadline = duration(step.deadline ?? task.deadline)
  if (isObject(retry)) node.retry = retryPolicy(retry)
  if (timeout !== undefined) node.timeoutMs = timeout
  if (deadline !== undefined) node.deadlineMs = deadline
  checkErrorNames(compilation, item)
  if (isTask) node.task = taskPart(compilation, item, task, defaults)
  else misplaced(compilation, item)
}

/** The Task that a step names or, where there is none, the handler of that name with default policies. */
const taskSpec = (compilation: Compilation, item: Item): JsonObject => {
  const name = item.step.task
  if (typeof name !== 'string') return {}
  const { catalog } = compilation
  const { tasks, handlers, removed } = catalog
  const task = tasks.get(name)
  if (task) {
    item.task = task
    compilation.uses.add(`task/${name}`)
    return task.broken ? {} : task.spec
  }
  if (removed.has(`task/${name}`)) compilation.uses.add(`task/${name}`)
  item.task = { name, spec: { handler: name }, broken: false }
  // Without its Task a handler has no policies: whoever does not look at this workflow now should not find out later.
  const lost = compilation.applied && removed.has(`task/${name}`)
  if (handlers?.has(name) && !lost) return item.task.spec
  const names = [...tasks.keys(), ...(handlers ?? [])]
  const hint =
    goesAway(catalog, `task/${name}`) ||
    (catalog.workflows.has(name) ? `; "${name}" is a workflow: write workflow: ${name}` : '') ||
    didYouMean(name.replace(/^tasks\//, ''), names)
  const message = `task "${name}" is not defined${hint || ', and there is no handler of that name'}`
  const severity = handlers || lost ? 'error' : 'warning'
  report(compilation, { owner: item.step, key: 'task' }, 'UNKNOWN_TASK', message, { severity })
  return item.task.spec
}

const taskPart = (compilation: Compilation, item: Item, task: JsonObject, defaults: JsonObject): TaskPart => {
  const { step } = item
  const name = String(step.task)
  const queue = queueOf(compilation, item, task, defaults)
  const priority = step.priority ?? task.priority
  return {
    name,
    handler: typeof task.handler === 'string' ? task.handler : name,
    queue,
    priority: typeof priority === 'number' ? priority : 5,
    onLost: task.onLost === 'fail' ? 'fail' : 'requeue',
    ...(task.inputSchema === undefined ? {} : { inputSchema: task.inputSchema }),
    ...(task.outputSchema === undefined ? {} : { outputSchema: task.outputSchema }),
  }
}

const queueOf = (compilation: Compilation, item: Item, task: JsonObject, defaults: JsonObject): string => {
  const queue = item.step.queue ?? task.queue ?? defaults.queue
  if (typeof queue !== 'string') return 'default'
  compilation.uses.add(`queue/${queue}`)
  if (item.step.queue === queue) checkQueue(compilation, item.step, queue)
  return queue
}

/** Reports a queue that nobody declared. */
export const checkQueue = (compilation: Compilation, owner: JsonObject, queue: string): void => {
  const { queues } = compilation.catalog
  if (queues.has(queue)) return
  const message = `queue "${queue}" is not declared${goesAway(compilation.catalog, `queue/${queue}`) || didYouMean(queue, queues) || `; declare it: kind: Queue, metadata: { name: ${queue} }, spec: {}`}`
  report(compilation, { owner, key: 'queue' }, 'UNKNOWN_QUEUE', message)
}

/** Queues and priorities are of jobs that run; a container has none to pass on. */
const misplaced = (compilation: Compilation, { node, step }: Item): void => {
  if (node.kind === 'forEach' || node.kind === 'any' || node.parent === -1) return
  for (const key of ['queue', 'priority']) {
    if (!Object.hasOwn(step, key)) continue
    report(
      compilation,
      { owner: step, key },
      'MISPLACED_FIELD',
      `"${key}" belongs to a task; give it to the steps inside`,
      { at: 'key' },
    )
  }
}

/** A retry policy in milliseconds, with the language's defaults. */
export const retryPolicy = (retry: JsonObject): RetryPolicy => ({
  max: retry.max as number,
  delayMs: duration(retry.delay) ?? 1000,
  backoff: (retry.backoff as RetryPolicy['backoff'] | undefined) ?? 'exponential',
  maxDelayMs: duration(retry.maxDelay) ?? 300_000,
  jitter: (retry.jitter as RetryPolicy['jitter'] | undefined) ?? 'full',
  ...(Array.isArray(retry.only) ? { only: retry.only as string[] } : {}),
  ...(Array.isArray(retry.except) ? { except: retry.except as string[] } : {}),
})

/** `3`, `1%` or nothing, as a plan has it. */
export const maxFailures = (written: Json | undefined): ForEachPart['maxFailures'] => {
  if (typeof written === 'string') return { share: Number.parseFloat(written) / 100 }
  return { count: typeof written === 'number' ? written : 0 }
}

const duration = (written: Json | undefined): number | undefined =>
  typeof written === 'string' ? parseDuration(written) : undefined
