/**
 * The door for tests of one's own manifests and handlers: the real engine with real children on an embedded Postgres of its
 * own, and a clock that leaps over what runs wait for.
 */
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  apply,
  cancelRun,
  type Context,
  formatDiagnostic,
  type Json,
  listHandlers,
  migrate,
  openClient,
  openDatabase,
  parseDuration,
  snapshot,
  type Source,
  start,
  why,
} from './client.ts'
import { ended } from './model/state.ts'
import { readTestRun, type TestRun } from './runtime/testRun.ts'
import { beat, chores, reaper, startPostgres, timers, worker } from './server.ts'
import { variableOf } from './model/secret.ts'
import { idleMs, setClock } from './store/clock.ts'
import type { Workflows } from './task.ts'

export type { TestJob, TestRun } from './runtime/testRun.ts'

export type TestEngineOptions = {
  /** The project. Default: the current folder. */
  dir?: string
  /** The folder of manifests, below `dir`. Default `manifests`. */
  manifests?: string
  /** Whether manifests of the folders below it are applied as well. Default false. */
  recursive?: boolean
  /** Files of values for `{{ config.… }}`, below `dir`; later ones win. */
  values?: string[]
  /** The folder of handlers, below `dir`. Default `tasks`. */
  handlers?: string
  /** Secrets by their names, for `{{ secret 'mail/token' }}`. Default: none. */
  secrets?: { [name: string]: string }
  /** Child processes. Default 1. */
  concurrency?: number
  /** True: schedules fire as the clock advances. Default false. */
  schedules?: boolean
  /** How long to wait for the end of a run, in real time, ms. Default 30,000. */
  timeoutMs?: number
}

/** Names of workflows: those of `tq.d.ts`, or any where there is none. Tasks are started by their names as well. */
type Name = keyof Workflows extends never ? string : keyof Workflows | (string & {})
type Input<Of> = Of extends keyof Workflows ? (Workflows[Of] extends { input: infer Given } ? Given : Json) : Json

export type TestEngine = {
  /** For what this has no word for: the door `tqflow/client` takes it. */
  readonly context: Context
  /**
   * Starts a run of a workflow or a Task and waits for its end. While nothing runs and something waits (a retry, a delay, a
   * deadline), the clock leaps to when it is due.
   */
  run<Of extends Name>(name: Of, input?: Input<Of>): Promise<TestRun>
  /** Starts a run. @returns its id */
  start<Of extends Name>(name: Of, input?: Input<Of>): Promise<string>
  /** Waits for a run's end, leaping as `run` does. */
  ended(id: string): Promise<TestRun>
  /** Cancels a run. False: it had ended. */
  cancel(id: string): Promise<boolean>
  /** Moves the clock on by a duration as manifests have it, such as `2d`. */
  advance(duration: string): Promise<void>
  /** Applies more manifests: YAML, as many documents as there are in it. */
  apply(yaml: string): Promise<void>
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Longer than a test is, and short enough for a timer. */
const leaseMs = 10 * 86_400_000

/**
 * Starts an engine for a test: an empty Postgres, the project's manifests applied, a worker for its handlers. It takes about a
 * second.
 *
 * @throws Error with the diagnostics, where a manifest has mistakes
 */
export const createTestEngine = async (options: TestEngineOptions = {}): Promise<TestEngine> => {
  const dir = resolve(options.dir ?? '.')
  const handlersDir = resolve(dir, options.handlers ?? 'tasks')
  const handlers = (await listHandlers(handlersDir)) ?? []
  const sources = await readFolder(dir, resolve(dir, options.manifests ?? 'manifests'), options.recursive ?? false)
  const values = await Promise.all(
    (options.values ?? []).map(async file => ({ file, text: await readFile(resolve(dir, file), 'utf8') })),
  )
  await using started = new AsyncDisposableStack()
  const context = await openEmpty(started)
  const applySources = openApply(context, handlers, values)
  await applySources(sources)
  await startServices(context, { ...options, handlersDir, handlers }, started)
  const clock = openClock(context)
  const { timeoutMs = 30_000 } = options
  const startRun = async (name: string, input: unknown = {}) =>
    (await start(context, { name, input: input as Json, trigger: 'test' })).id
  const end = started.move()
  const endedRun = (id: string) => untilEnded(context, id, { clock, timeoutMs })
  return {
    context,
    start: startRun,
    ended: endedRun,
    run: async (name, input) => endedRun(await startRun(name, input)),
    cancel: id => cancelRun(context, { run: id, reason: 'the test cancelled it' }),
    async advance(duration) {
      const ms = parseDuration(duration)
      if (ms === undefined)
        throw new Error(`"${duration}" is not a duration; write one such as 500ms, 30s, 5m, 1h30m or 2d`)
      await clock.advance(ms)
    },
    apply: yaml => applySources([{ file: 'test.yaml', text: yaml }]),
    stop: () => end.disposeAsync(),
    [Symbol.asyncDispose]: () => end.disposeAsync(),
  }
}

/** The manifests of a folder; none where it does not exist. */
const readFolder = async (dir: string, folder: string, recursive: boolean): Promise<Source[]> => {
  const entries = await readdir(folder, { recursive, withFileTypes: true }).catch(() => [])
  const paths = entries
    .filter(entry => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
  return Promise.all(paths.map(async path => ({ file: relative(dir, path), text: await readFile(path, 'utf8') })))
}

/** A Postgres in a temporary folder, with the store made. */
const openEmpty = async (started: AsyncDisposableStack): Promise<Context> => {
  const data = await mkdtemp(join(tmpdir(), 'tq-test-engine-'))
  started.defer(() => rm(data, { recursive: true, force: true }))
  await chmod(data, 0o755) // as root, Postgres is another user
  const postgres = await startPostgres({ dataDir: join(data, 'pg'), fsync: false })
  started.defer(() => postgres.stop())
  const database = openDatabase(postgres.url, { schema: 'tq', max: 1 })
  await migrate(database).finally(() => database.close())
  const context = await openClient({
    databaseUrl: postgres.url,
    schema: 'tq',
    namespace: 'default',
    connections: 4,
    log(level, message) {
      if (level === 'error') console.error(`tq: ${message}`)
    },
  })
  started.defer(() => context.close())
  return context
}

/** Applies sources on top of what was applied before. */
const openApply =
  (context: Context, handlers: string[], values: Source[]) =>
  async (given: Source[]): Promise<void> => {
    const { changes, diagnostics, sources } = await apply(context, { sources: given, handlers, values, origin: 'test' })
    if (changes) return
    const wrong = diagnostics.filter(one => one.severity === 'error')
    const texts = new Map(sources.map(source => [source.file, source.text]))
    throw new Error(wrong.map(one => formatDiagnostic(one, texts.get(one.file))).join('\n\n'))
  }

const startServices = async (
  context: Context,
  {
    concurrency = 1,
    schedules = false,
    secrets = {},
    ...given
  }: Pick<TestEngineOptions, 'concurrency' | 'schedules' | 'secrets'> & { handlersDir: string; handlers: string[] },
  started: AsyncDisposableStack,
): Promise<void> => {
  const stop = new AbortController()
  const ready = Promise.withResolvers<unknown>()
  const env = Object.fromEntries(Object.entries(secrets).map(([name, text]) => [variableOf(name), text]))
  const options = { name: 'test', queues: null, slots: 1, leaseMs, graceMs: 500, drainMs: 0, onReady: ready.resolve }
  const services = [
    worker(context, { ...options, ...given, concurrency, secrets: { env, dir: null } }, stop.signal),
    timers(context, stop.signal),
    reaper(context, { leaseMs }, stop.signal),
    ...(schedules ? [beat(context, stop.signal), chores(context, stop.signal)] : []),
  ]
  started.defer(async () => {
    stop.abort()
    await Promise.allSettled(services)
  })
  for (const service of services) service.catch(ready.reject)
  await ready.promise
}

type Clock = { advance(ms: number): Promise<void> }

const openClock = (context: Context): Clock => {
  let offsetMs = 0
  return {
    async advance(ms) {
      offsetMs += ms
      await setClock(context.sql, { offsetMs, byMs: ms })
      context.broker.broadcast({ type: 'timers' })
    },
  }
}

const untilEnded = async (
  context: Context,
  id: string,
  { clock, timeoutMs }: { clock: Clock; timeoutMs: number },
): Promise<TestRun> => {
  for (const until = performance.now() + timeoutMs; ; await sleep(5)) {
    const { run } = await snapshot(context, id)
    if (ended(run.state)) return readTestRun(context, id)
    const ms = await idleMs(context.sql)
    if (ms !== null && ms > 0) await clock.advance(ms)
    if (performance.now() < until) continue
    const reasons = await why(context, { run: id, plan: run.plan })
    const said = reasons.map(({ job, state, why }) => `\n  ${job || name(run)}  ${state}  ${why}`).join('')
    throw new Error(`run ${name(run)} is still ${run.state} after ${timeoutMs} ms:${said}`)
  }
}

const name = ({ name: startable, id }: { name: string; id: string }): string => `${startable} ${id}`
