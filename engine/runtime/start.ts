import { createHash } from 'node:crypto'
import type { Hint } from '../broker/index.ts'
import { canonicalJson } from '../model/canonical.ts'
import { TqError } from '../model/errors.ts'
import { newId } from '../model/id.ts'
import { checkInputs } from '../model/input.ts'
import type { Json, JsonObject } from '../model/json.ts'
import { validator } from '../model/schema.ts'
import { readManifest } from '../store/manifest.ts'
import { type Start, startEachOnce, type StartedOnce, startRuns } from '../store/run.ts'
import type { Context } from './context.ts'
import { noSuchManifest } from './names.ts'
import type { LoadedPlan } from './plans.ts'

export type StartOptions = {
  name: string
  kind?: 'task' | 'workflow'
  input: Json
  trigger: string
  idempotencyKey?: string
  labels?: JsonObject
}

/** What is started again and again: resolved once. */
export type Startable = { start: Start; loaded: LoadedPlan }

/**
 * Starts one run of a workflow or a Task.
 *
 * @throws NOT_FOUND; AMBIGUOUS where a Task and a workflow have the name; INVALID_INPUT; CONFLICT (semantics A3)
 */
export const start = async (context: Context, options: StartOptions): Promise<{ id: string; duplicate: boolean }> => {
  const startable = await prepareStart(context, options)
  const input = checkInput(startable, options.input)
  const key = options.idempotencyKey
  if (key === undefined) {
    const [id] = await startMany(context, startable, [input])
    return { id: id!, duplicate: false }
  }
  const [made] = await startKeyed(context, startable, [{ input, key, ttlMs: null }])
  if (made!.conflict) throw keyConflict(startable, key, made!.id)
  return { id: made!.id, duplicate: made!.duplicate }
}

/** What was asked for under a key that stands for something else (semantics A3). */
export const keyConflict = ({ start: { name } }: Startable, key: string, run: string): TqError =>
  new TqError(
    'CONFLICT',
    `idempotency key "${key}" was used for ${name} with another input; use another key, or the same input`,
    { run },
  )

/** A run to start under a key; its input is checked. `ttlMs`: how long the key is kept at least; null: as long as its run is known. */
export type Keyed = { input: Json; key: string; ttlMs: number | null; delivery?: string | null }

/** Starts runs of the same, each once for its key, in one commit. */
export const startKeyed = async (context: Context, startable: Startable, runs: Keyed[]): Promise<StartedOnce[]> => {
  const made = await startEachOnce(
    context.sql,
    startable.start,
    runs.map(({ input, key, ttlMs, delivery = null }) => ({
      id: newId(),
      input: JSON.stringify(input),
      key,
      inputHash: createHash('sha256').update(canonicalJson(input)).digest('hex'),
      ttlMs,
      delivery,
    })),
    announced(context),
  )
  const ids = made.flatMap(one => (one.duplicate ? [] : [one.id]))
  if (ids.length > 0) ringStarted(context, startable, ids)
  return made
}

/** Starts many runs of the same in one commit. Inputs are checked; one that is wrong starts none. */
export const startMany = async (context: Context, startable: Startable, inputs: Json[]): Promise<string[]> => {
  const runs = inputs.map(input => ({
    id: newId(),
    input: JSON.stringify(checkInput(startable, input)),
  }))
  await startRuns(context.sql, startable.start, runs, announced(context))
  const ids = runs.map(run => run.id)
  ringStarted(context, startable, ids)
  return ids
}

export const announced = (context: Context) => ({ channel: context.broker.channel, events: context.events() })

/** Says what is ready, where the statement that started the runs has not said it itself. */
export const ringStarted = ({ broker }: Context, { start: { scope } }: Startable, ids: string[]): void => {
  if (broker.channel !== null) return
  const queues = scope.hint === '' ? [] : scope.hint.split(',').map(Number)
  const few = scope.ready.length > 0 && scope.ready.length * ids.length <= 100
  broker.ring(
    queues.map((queue): Hint => {
      const nodes = scope.ready.filter(ready => ready.queue === queue)
      return few
        ? { queue, jobs: ids.flatMap(run => nodes.map(({ node }) => ({ run, n: node, attempt: 0 }))) }
        : { queue }
    }),
  )
}

export const prepareStart = async (
  context: Context,
  { name, kind, trigger, labels }: Pick<StartOptions, 'name' | 'kind' | 'trigger' | 'labels'>,
): Promise<Startable> => {
  const { namespace } = context
  const [workflow, task] = await Promise.all([
    kind === 'task' ? null : readManifest(context.sql, { namespace, kind: 'workflow', name }),
    kind === 'workflow' ? null : readManifest(context.sql, { namespace, kind: 'task', name }),
    context.lookAtEvents(),
  ])
  if (workflow && task)
    throw new TqError('AMBIGUOUS', `"${name}" is a workflow and a Task; say which: workflow/${name} or task/${name}`)
  const found = workflow ?? task
  if (!found?.plan) throw await noSuchManifest(context, kind ? [kind] : ['workflow', 'task'], name)
  if (found.draining)
    throw new TqError(
      'CONFLICT',
      `${found.kind}/${name} is draining: it is deleted when its last run has ended, and nothing starts it any more; apply it again to keep it`,
    )
  return startableOf(context, { ...found, kind: workflow ? 'workflow' : 'task', plan: found.plan }, { trigger, labels })
}

/** What is to be started, by the plan of its current revision. */
export const startableOf = async (
  context: Context,
  { kind, name, revision, plan }: { kind: 'task' | 'workflow'; name: string; revision: number; plan: number },
  { trigger, labels }: { trigger: string; labels?: JsonObject | undefined },
): Promise<Startable> => {
  const loaded = await context.plan(plan)
  return startableFrom(context.namespace, loaded, { kind, name, revision, plan }, { trigger, labels })
}

/** The same of a plan that is loaded. */
export const startableFrom = (
  namespace: string,
  loaded: LoadedPlan,
  { kind, name, revision, plan }: { kind: 'task' | 'workflow'; name: string; revision: number; plan: number },
  { trigger, labels }: { trigger: string; labels?: JsonObject | undefined },
): Startable => ({
  loaded,
  start: {
    namespace,
    kind,
    name,
    revision,
    plan,
    scope: loaded.root(),
    nextN: loaded.nodes.length,
    deadlineMs: loaded.nodes[0]!.deadlineMs ?? null,
    trigger,
    labels: labels ?? null,
  },
})

/** The input of a run, with defaults where nothing was given. @throws INVALID_INPUT */
export const checkInput = ({ loaded, start }: Startable, input: Json): Json => {
  const { name } = start
  if (start.kind === 'workflow') {
    const result = checkInputs(loaded.plan.inputs, input)
    if ('errors' in result)
      throw new TqError('INVALID_INPUT', `the input of ${name} is wrong: ${result.errors.join('; ')}`, {
        errors: result.errors,
      })
    return result.ok
  }
  const schema = loaded.nodes[0]!.task?.inputSchema
  const problem = schema === undefined ? null : validator(schema)(input)
  if (problem) throw new TqError('INVALID_INPUT', `the input of task "${name}" ${problem}`)
  return input
}
