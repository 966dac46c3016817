import type { HookSpec } from '../../../schemas/manifest.types.ts'
import type { Json } from '../../model/json.ts'
import { methodsOf, replyOf, ttlOf, type Verify, verifyOf } from '../../model/hook.ts'
import type { Trigger } from '../../model/trigger.ts'
import { readClock, takeTokens } from '../../store/hook.ts'
import type { StartedOnce } from '../../store/run.ts'
import { readTargets, readTriggers, type TriggerRow } from '../../store/trigger.ts'
import type { Context } from '../context.ts'
import { parseRate } from '../limit.ts'
import { type Keyed, prepareStart, type Startable, startKeyed, startMany } from '../start.ts'
import { grouped } from './group.ts'
import { openNap } from '../nap.ts'

/** A hook as it is applied now, with what serving it takes. */
export type LiveHook = {
  name: string
  trigger: Trigger
  spec: HookSpec
  verify: Verify
  methods: string[]
  /** How long a request waits for the result, ms; null: not at all. */
  waitMs: number | null
  ttlMs: number
  /** Null: its workflow is not there. */
  start: Starter | null
  /** How long until it may take another request, ms; 0: it has taken this one. */
  take(): Promise<number>
}

/** Starts runs in groups: those that are asked for while a group is being written are the next one. */
export type Starter = {
  startable: Startable
  once(run: Keyed): Promise<StartedOnce>
  always(input: Json): Promise<string>
}

export type Hooks = {
  /** The hook at a path: `/stripe`. */
  find(path: string): LiveHook | undefined
  /** The time by the database's clock, ms since 1970. */
  now(): number
  /** When the hooks were last looked at, by this process's clock; null: never. */
  lookedAt(): number | null
  serve(signal: AbortSignal): Promise<void>
}

/** Between two looks where no message says that something has changed, ms. */
const lookMs = 1000
/** Runs that one statement starts at most. */
const mostRuns = 200

/** The hooks of the namespace, kept as they are applied: a message says when to look, and a look a second does not need it. */
export const openHooks = async (context: Context): Promise<Hooks> => {
  let paths = new Map<string, LiveHook>()
  let known = new Map<string, { identity: string; hook: LiveHook }>()
  let clock = { at: 0, now: 0 }
  let lookedAt: number | null = null
  const look = async () => {
    const { namespace, sql } = context
    const [rows, at] = [await readTriggers(sql, { namespace, kind: 'hook' }), performance.now()]
    clock = { now: await readClock(sql), at: (at + performance.now()) / 2 }
    const names = [...new Set(rows.map(row => row.trigger.workflow))]
    const targets = new Map((await readTargets(sql, { namespace, names })).map(row => [row.name, row.revision]))
    await context.lookAtEvents()
    const next = new Map<string, { identity: string; hook: LiveHook }>()
    for (const row of rows) {
      const startable = targets.has(row.trigger.workflow)
      const identity = `${row.plan} ${targets.get(row.trigger.workflow)}`
      const before = known.get(row.name)
      const same = before?.identity === identity && (before.hook.start !== null) === startable
      next.set(row.name, same ? before : { identity, hook: await openHook(context, row, startable) })
    }
    known = next
    paths = new Map([...next.values()].map(({ hook }) => [hook.spec.path, hook]))
    lookedAt = performance.now()
  }
  await look()
  return {
    find: path => paths.get(path),
    now: () => clock.now + performance.now() - clock.at,
    lookedAt: () => lookedAt,
    serve: signal => keepLooking(context, look, signal),
  }
}

const keepLooking = async (context: Context, look: () => Promise<void>, signal: AbortSignal): Promise<void> => {
  const nap = openNap(signal)
  const controls = await context.broker.onControl(({ type }) => {
    if (type === 'triggers' || type === 'queues') nap.wake()
  })
  while (!signal.aborted) {
    await nap.sleep(lookMs)
    if (!signal.aborted)
      await look().catch(error => context.log('debug', `hooks could not be looked at: ${(error as Error).message}`))
  }
  await controls.stop()
}

const openHook = async (context: Context, { name, trigger }: TriggerRow, startable: boolean): Promise<LiveHook> => {
  const spec = trigger.spec as unknown as HookSpec
  return {
    name,
    trigger,
    spec,
    verify: verifyOf(spec),
    methods: methodsOf(spec),
    waitMs: replyOf(spec),
    ttlMs: ttlOf(spec),
    start: startable ? await openStarter(context, name, trigger.workflow).catch(without(context, name)) : null,
    take: openBucket(context, name, spec.rateLimit),
  }
}

/** A hook that cannot start anything must not keep others from being served. */
const without =
  ({ log }: Context, name: string) =>
  (error: Error): null => {
    log('error', `hook ${name} can start nothing: ${error.message}`)
    return null
  }

const openStarter = async (context: Context, name: string, workflow: string): Promise<Starter> => {
  const startable = await prepareStart(context, { name: workflow, kind: 'workflow', trigger: `hook/${name}` })
  return {
    startable,
    once: grouped(runs => startKeyed(context, startable, runs), { most: mostRuns }),
    always: grouped(inputs => startMany(context, startable, inputs), { most: mostRuns }),
  }
}

/** Requests are counted in the database, over all servers; those of one moment with one statement. */
const openBucket = (context: Context, name: string, text: string | undefined): (() => Promise<number>) => {
  const rate = parseRate(text ?? '')
  if (!rate) return async () => 0
  const { namespace, sql } = context
  const take = grouped<null, number>(
    async group => {
      const taken = await takeTokens(sql, { namespace, name, ...rate, wanted: group.length })
      return group.map((_, i) => (i < taken.granted ? 0 : Math.max(1, taken.retryAfterMs)))
    },
    { most: 1000 },
  )
  return () => take(null)
}
