import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Broker, type KafkaOptions, openBroker } from '../../engine/broker/index.ts'
import {
  apply,
  cancelRun,
  type Change,
  compile,
  type Context,
  type Json,
  listHandlers,
  migrate,
  openDatabase,
  readManifests,
  start,
} from '../../engine/client.ts'
import type { ManifestDocument } from '../../engine/compile/index.ts'
import { openContext, queueOf } from '../../engine/runtime/context.ts'
import { readTestRun, type TestRun } from '../../engine/runtime/testRun.ts'
import { beat, chores, reaper, timers, type Worker, worker, type WorkerOptions } from '../../engine/server.ts'
import type { Sql } from '../../engine/store/sql.ts'
import { testDatabase } from './postgres.ts'

export const handlersDir = fileURLToPath(new URL('./handlers', import.meta.url))

export type { TestJob as EndedJob, TestRun as EndedRun } from '../../engine/runtime/testRun.ts'

export type TestEngine = {
  url: string
  context: Context
  sql: Sql
  broker: Broker
  worker: Worker
  clock: { advanceMs(ms: number): Promise<void> }
  applyYaml(yaml: string): Promise<Change[]>
  start(name: string, input?: Json, idempotencyKey?: string): Promise<string>
  ended(id: string): Promise<TestRun>
  /** Starts a run and waits for its end. */
  run(name: string, input?: Json): Promise<TestRun>
  /** Applies one workflow under a name of its own and runs it. */
  try(kind: string, spec: string, input?: Json): Promise<TestRun>
  cancel(id: string): Promise<boolean>
  stop(): Promise<void>
}

export type TestEngineOptions = Partial<WorkerOptions> & {
  /** A database that is there already, instead of a fresh one. */
  url?: string
  wrap?(broker: Broker): Broker
  /** With it, messages go through Kafka. */
  kafka?: KafkaOptions | undefined
  /** Without a worker, only a context. */
  idle?: boolean
}

/**
 * The whole engine in this process, with real children, on a fresh database. Files share one over their tests: each test
 * applies under names of its own.
 */
export const testEngine = async ({
  url: given,
  wrap = b => b,
  kafka,
  idle = false,
  ...options
}: TestEngineOptions = {}): Promise<TestEngine> => {
  const url = given ?? (await testDatabase()).url
  const database = openDatabase(url, { max: 4 })
  await migrate(database)
  const broker = wrap(
    await openBroker({
      databaseUrl: url,
      schema: database.schema,
      namespace: 'default',
      kafka: kafka ?? null,
      queue: queueOf(() => context),
    }),
  )
  const log: Context['log'] = (level, message) => {
    if (level === 'error' || process.env.TQ_DEBUG) console.error(`${level}: ${message}`)
  }
  const context = openContext({ database, broker, namespace: 'default', log })
  const { sql } = database
  const leaseMs = options.leaseMs ?? 86_400_000 // a test that advances the clock ends no lease
  const handlers = (await listHandlers(options.handlersDir ?? handlersDir)) ?? []
  const stop = new AbortController()
  const ready = Promise.withResolvers<Worker>()
  const services = idle
    ? []
    : [
        worker(
          context,
          {
            name: 'test',
            queues: null,
            concurrency: 2,
            slots: 1,
            handlersDir,
            handlers,
            graceMs: 200,
            drainMs: 0,
            onReady: ready.resolve,
            ...options,
            leaseMs,
          },
          stop.signal,
        ),
        timers(context, stop.signal),
        beat(context, stop.signal),
        chores(context, stop.signal),
        reaper(context, { leaseMs }, stop.signal),
      ]
  for (const service of services) service.catch(ready.reject)
  const started = idle ? (undefined as never) : await ready.promise

  const applyYaml = async (yaml: string): Promise<Change[]> => {
    const known = (await readManifests(sql, { namespace: 'default' })).map(
      row => row.document as unknown as ManifestDocument,
    )
    const compiled = compile([{ file: 'test.yaml', text: yaml }], { handlers, known })
    const wrong = compiled.diagnostics.filter(one => one.severity === 'error')
    if (wrong.length > 0)
      throw new Error(wrong.map(one => `${one.line}:${one.column} ${one.code} ${one.message}`).join('\n'))
    return apply(context, compiled, { origin: 'test', prune: false, dryRun: false })
  }
  const startRun = async (name: string, input: Json = {}, idempotencyKey?: string) =>
    (
      await start(context, {
        name,
        input,
        trigger: 'test',
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      })
    ).id
  const endings = watchEnds(sql)
  const ended = async (id: string): Promise<TestRun> => {
    await endings.wait(id)
    return readTestRun(context, id)
  }
  const run = async (name: string, input?: Json) => ended(await startRun(name, input))
  let tried = 0
  return {
    url,
    context,
    sql,
    broker,
    worker: started,
    clock: clockOf(sql),
    applyYaml,
    start: startRun,
    ended,
    run,
    async try(kind, spec, input) {
      const name = `try-${++tried}`
      await applyYaml(workflow(kind, name, spec))
      return run(name, input)
    },
    cancel: id => cancelRun(context, { run: id, reason: 'the test says so' }),
    async stop() {
      stop.abort()
      await Promise.all(services)
      endings.stop()
      await broker.close()
      await database.close()
    },
  }
}

/** A workflow's YAML from its kind, its name and its spec. */
export const workflow = (kind: string, name: string, spec: string): string =>
  `apiVersion: tq/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec:\n${outdent(spec).replace(/^(?=.)/gm, '  ')}\n`

/** Several documents. */
export const documents = (...texts: string[]): string => texts.join('---\n')

const outdent = (text: string): string => {
  const lines = text.replace(/^\n/, '').trimEnd().split('\n')
  const indent = Math.min(
    ...lines.filter(line => line.trim() !== '').map(line => line.length - line.trimStart().length),
  )
  return lines.map(line => line.slice(indent)).join('\n')
}

/** The engine's clock, which tests move. */
export const clockOf = (sql: Sql): { advanceMs(ms: number): Promise<void> } => {
  let offset = 0
  return {
    async advanceMs(ms) {
      offset += ms
      await sql.script(
        `create or replace function clock_now() returns timestamptz language sql stable as 'select now() + interval ''${offset} milliseconds'''`,
      )
    },
  }
}

/** Waits for something to be there: looks again every few milliseconds. Gives up after 30 s. */
export const until = async <T>(find: () => Promise<T> | T): Promise<NonNullable<T>> => {
  for (const deadline = performance.now() + 30_000; performance.now() < deadline; await sleep(8)) {
    const found = await find()
    if (found !== undefined && found !== null && found !== false) return found as NonNullable<T>
  }
  throw new Error(`waited for 30 s in vain: ${find}`)
}

/** A journal that handlers write into, and gates that hold them. */
export type Journal = {
  dir: string
  file: string
  lines(): string[]
  /** Resolves when the journal has this line so often. */
  seen(line: string, times?: number): Promise<unknown>
  /** The most that ran at once. */
  peak(): number
  gate(name: string): string
  open(name: string): void
}

const journals: string[] = []
process.once('exit', () => {
  for (const dir of journals) rmSync(dir, { recursive: true, force: true })
})

export const newJournal = (): Journal => {
  const dir = mkdtempSync(join(tmpdir(), 'tq-journal-'))
  journals.push(dir)
  const file = join(dir, 'journal')
  appendFileSync(file, '')
  const lines = () => readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return {
    dir,
    file,
    lines,
    seen: (line, times = 1) => until(() => lines().filter(one => one === line).length >= times),
    peak() {
      let now = 0
      let most = 0
      for (const line of lines()) {
        now += line.startsWith('start') ? 1 : -1
        most = Math.max(most, now)
      }
      return most
    },
    gate: name => join(dir, name),
    open: name => existsSync(join(dir, name)) || writeFileSync(join(dir, name), ''),
  }
}

/** One poller for all who wait. */
const watchEnds = (sql: Sql) => {
  const waiting = new Map<string, { resolve(): void; reject(error: Error): void; since: number }>()
  let stopped = false
  let looping = false
  const loop = async () => {
    looping = true
    while (waiting.size > 0 && !stopped) {
      try {
        const rows = await sql<{
          id: string
        }>`select id from run where id = any(${`{${[...waiting.keys()].join(',')}}`}::uuid[]) and ended_at is not null`
        for (const { id } of rows) {
          waiting.get(id)!.resolve()
          waiting.delete(id)
        }
        for (const [id, { reject, since }] of waiting)
          if (performance.now() - since > 60_000) {
            waiting.delete(id)
            reject(new Error(`run ${id} did not end within 60 s: ${await openJobs(sql, id)}`))
          }
      } catch {
        // The database is away: faults are what these tests are about.
      }
      await sleep(5)
    }
    looping = false
  }
  return {
    wait: (id: string) =>
      new Promise<void>((resolve, reject) => {
        waiting.set(id, { resolve, reject, since: performance.now() })
        if (!looping) void loop()
      }),
    stop: () => void (stopped = true),
  }
}

const openJobs = async (sql: Sql, id: string): Promise<string> =>
  JSON.stringify(
    await sql`select n, node, phase, session, pending, unmet, attempt, lost, queue, doomed, result from job where run = ${id} order by n limit 20`,
  )
