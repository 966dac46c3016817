import type { JobError } from '../model/errors.ts'
import { evaluate, ExpressionError, type Scope } from '../model/expression.ts'
import { alsoBoth, alsoClaimed } from '../model/event.ts'
import { handlerAgainMs, lostLimit, pathOf } from '../model/job.ts'
import type { Json, JsonObject } from '../model/json.ts'
import { type Validator, validator } from '../model/schema.ts'
import type { Result, Work } from '../executor/index.ts'
import type { HeldJob } from '../store/job.ts'
import { remaining } from '../store/timer.ts'
import { type Action, cancelled, jobError, noAttempt } from './action.ts'
import type { Context } from './context.ts'
import { finish } from './finish.ts'
import type { LoadedPlan } from './plans.ts'
import type { Secrets } from './secret.ts'
import { inputOf } from './input.ts'

/** A task's job between its claim and its settling. */
export type InFlight = {
  key: number
  job: HeldJob
  loaded: LoadedPlan
  scope: Scope
  /** As it is stored: without secrets. */
  input: string
  /** Its time is limited by the deadline, not by the attempt's timeout. */
  atDeadline: boolean
  since: number
  /** What others have not been told of yet, that it was claimed and that it was started: see model/event.ts. */
  untold: number
}

/**
 * Makes held jobs ready for the executor: their inputs are evaluated now, once (rule 3 of the language).
 *
 * @param secrets where secrets in their inputs are read
 * @param timeLimits ms by task, in place of its `timeout`
 */
export const prepare = async (
  context: Context,
  held: { job: HeldJob; loaded: LoadedPlan }[],
  { nextKey, secrets, timeLimits }: { nextKey(): number; secrets: Secrets; timeLimits: ReadonlyMap<string, number> },
): Promise<{ started: InFlight[]; work: Work[]; actions: Action[] }> => {
  const scopes = await context.values.gather(
    held.map(({ job, loaded }) => ({ job, loaded, roots: loaded.taskRoots(job.node) })),
  )
  const known = held.some(({ loaded }) => loaded.secrets.size > 0) ? await readSecrets(secrets, held) : null
  const limited = held.filter(({ job, loaded }) => loaded.nodes[job.node]!.deadlineMs !== undefined)
  const left = new Map(
    (limited.length
      ? await remaining(
          context.sql,
          limited.map(({ job }) => job),
        )
      : []
    ).map(row => [`${row.run}/${row.n}`, row.ms]),
  )
  const started: InFlight[] = []
  const work: Work[] = []
  const actions: Action[] = []
  held.forEach(({ job, loaded }, i) => {
    const node = loaded.nodes[job.node]!
    if (job.doomed || job.result !== null) return void actions.push(finish(job, loaded, cancelled, noAttempt))
    const input = inputText(loaded, job.node, scopes[i]!, known && { known, hideIn: secrets.hideIn })
    if ('error' in input)
      return void actions.push(finish(job, loaded, failed(input.error), { ...noAttempt, input: input.stored }))
    const leftMs = left.get(`${job.run}/${job.n}`)
    if (leftMs !== undefined && leftMs <= 0)
      return void actions.push(
        finish(
          job,
          loaded,
          { ...failed(deadlineError(node.deadlineMs!)), last: true },
          { ...noAttempt, input: input.stored },
        ),
      )
    const limitMs = timeLimits.get(node.task!.name) ?? node.timeoutMs
    const atDeadline = leftMs !== undefined && (limitMs === undefined || leftMs < limitMs)
    const timeoutMs = atDeadline ? leftMs : limitMs
    const key = nextKey()
    started.push({
      key,
      job,
      loaded,
      scope: scopes[i]!,
      input: input.stored,
      atDeadline,
      since: performance.now(),
      untold: alsoBoth,
    })
    work.push({
      key,
      handler: node.task!.handler,
      input: input.text,
      attempt: job.failures + job.lost + 1,
      idempotencyKey: `${job.run}/${job.n}`,
      run: job.run,
      job: pathOf(node.path, job.item),
      task: node.task!.name,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      alone: node.task!.onLost === 'fail' || job.lost > 0,
    })
  })
  return { started, work, actions }
}

/** What is to be done after an attempt. */
export const conclude = (
  { job, loaded, input, scope, atDeadline, untold: all }: InFlight,
  result: Result,
  secrets: Secrets,
): Action => {
  const node = loaded.nodes[job.node]!
  // Without a code and a time it ended before it could start.
  const untold = result.code === undefined && result.ranMs === 0 ? all & alsoClaimed : all
  const attempt = { input, ranMs: result.ranMs, code: result.code ?? null, untold }
  if (result.ok) return finish(job, loaded, accepted(loaded, job.node, scope, result.output), attempt)
  const error = secrets.hideIn(result.error as unknown as JsonObject) as unknown as JobError
  if (error.name === 'HandlerMissing') return { do: 'postpone', job, delayMs: handlerAgainMs }
  if (error.name === 'Cancelled') return finish(job, loaded, cancelled, attempt)
  if (result.crashed) {
    if (node.task!.onLost === 'fail' || job.lost + 1 >= lostLimit)
      return finish(job, loaded, { ...failed(error), last: true }, { ...attempt, lost: true })
    const { run, n } = job
    return {
      do: 'retry',
      job,
      retry: { run, n, attempt: job.attempt, delayMs: null, lost: true, error: JSON.stringify(error), ...attempt },
    }
  }
  if (error.name === 'Timeout' && atDeadline)
    return finish(job, loaded, { ...failed(deadlineError(node.deadlineMs!)), last: true }, attempt)
  return finish(job, loaded, failed(error), attempt)
}

/** The secrets that are here of those in the inputs of these jobs. */
const readSecrets = async (
  secrets: Secrets,
  held: { job: HeldJob; loaded: LoadedPlan }[],
): Promise<Map<string, string>> => {
  const names = new Set(held.flatMap(({ job, loaded }) => loaded.secrets.get(job.node) ?? []))
  const found = new Map<string, string>()
  for (const name of names) {
    const text = await secrets.read(name)
    if (text !== null) found.set(name, text)
  }
  return found
}

/** The input for the handler and as it is stored, or what is wrong with it. */
const inputText = (
  loaded: LoadedPlan,
  id: number,
  scope: Scope,
  secrets: { known: Map<string, string>; hideIn: Secrets['hideIn'] } | null,
): { text: string; stored: string } | { stored: string | null; error: JobError } => {
  const task = loaded.nodes[id]!.task!
  const secret = secrets && loaded.secrets.has(id) ? secrets : null
  const hide = <T extends Json>(value: T): T => (secret ? secret.hideIn(value) : value)
  const seen: Scope = secret
    ? { lookup: root => (root.name === 'secret' ? secret.known.get(root.secret) : scope.lookup(root)) }
    : scope
  try {
    const value = inputOf(loaded.nodes, id, seen)
    const before = JSON.stringify(value)
    const problem = task.inputSchema === undefined ? null : checker(task.inputSchema)(value)
    if (problem) {
      const message = hide(`the input of task "${task.name}" ${problem}`)
      return { stored: secret ? JSON.stringify(hide(value)) : before, error: jobError('InvalidInput', message) }
    }
    const text = task.inputSchema === undefined ? before : JSON.stringify(value)
    return { text, stored: secret ? JSON.stringify(hide(value)) : text }
  } catch (error) {
    // Whatever it is, it is this job's: its neighbours in the batch go on.
    const name = error instanceof ExpressionError ? 'ExpressionError' : 'InternalError'
    return { stored: null, error: jobError(name, hide((error as Error).message)) }
  }
}

const accepted = (loaded: LoadedPlan, id: number, scope: Scope, outputText: string) => {
  const node = loaded.nodes[id]!
  const schema = node.task!.outputSchema
  if (schema === undefined && !node.output)
    return { state: 'succeeded' as const, output: null, outputText, error: null }
  const raw = JSON.parse(outputText) as Json
  const problem = schema === undefined ? null : checker(schema)(raw)
  if (problem) return failed(jobError('InvalidOutput', `the output of task "${node.task!.name}" ${problem}`))
  if (!node.output) return { state: 'succeeded' as const, output: null, outputText, error: null }
  try {
    const output = evaluate(node.output, {
      lookup: root => (root.name === 'self' ? { output: raw } : scope.lookup(root)),
    })
    return { state: 'succeeded' as const, output, error: null }
  } catch (error) {
    if (error instanceof ExpressionError) return failed(jobError('ExpressionError', error.message))
    throw error
  }
}

const checkers = new WeakMap<object, Validator>()

/** A plan's schemas are the same objects for all its jobs. */
const checker = (schema: Json): Validator => {
  if (typeof schema !== 'object' || schema === null) return validator(schema)
  const known = checkers.get(schema) ?? validator(schema)
  checkers.set(schema, known)
  return known
}

export const deadlineError = (deadlineMs: number): JobError =>
  jobError('Timeout', `its deadline of ${deadlineMs} ms has passed`)

const failed = (error: JobError) => ({ state: 'failed' as const, output: null, error: error as unknown as Json })
