import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  apply,
  type Context,
  type KafkaOptions,
  migrate,
  openClient,
  openDatabase,
  prepareStart,
  startMany,
  type Startable,
} from '../../engine/client.ts'
import { beat, chores, reaper, relay, startPostgres, timers, type Worker, worker } from '../../engine/server.ts'

export type Bench = { url: string; stop(): Promise<void> }

/** A Postgres of the bench's own: embedded, durable (fsync and synchronous_commit on), otherwise as `tq dev` has it. */
export const benchPostgres = async (): Promise<Bench> => {
  if (process.env.TQ_BENCH_POSTGRES) return { url: process.env.TQ_BENCH_POSTGRES, stop: async () => {} }
  const dir = await mkdtemp(join(tmpdir(), 'tq-bench-'))
  const postgres = await startPostgres({
    dataDir: join(dir, 'pg'),
    settings: { shared_buffers: '1GB', max_wal_size: '8GB' },
  })
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export type Engine = { context: Context; worker: Worker; stop(): Promise<void> }

const schema = 'tq_bench'

/** A client on a fresh schema. */
export const benchClient = async (url: string, kafka?: KafkaOptions): Promise<Client> => {
  const database = openDatabase(url, { schema, max: 1 })
  await database.sql.script(`drop schema if exists ${schema} cascade`)
  await migrate(database)
  await database.close()
  return connect(url, kafka)
}

type Client = Awaited<ReturnType<typeof openClient>>

const connect = (url: string, kafka?: KafkaOptions): Promise<Client> =>
  openClient({
    databaseUrl: url,
    schema,
    namespace: 'default',
    connections: 4,
    ...(kafka ? { kafka } : {}),
    log: (level, text) => void (level !== 'debug' && console.error(level, text)),
  })

export type EngineOptions = {
  children?: number
  kafka?: KafkaOptions | undefined
  /** Default: all. */
  queues?: string[]
  /** On the schema that is there, beside another. */
  beside?: boolean
}

/** The whole engine in this process, with child processes for the handlers, on a fresh schema. */
export const benchEngine = async (
  url: string,
  { children = 1, kafka, queues, beside = false }: EngineOptions = {},
): Promise<Engine> => {
  const context = await (beside ? connect(url, kafka) : benchClient(url, kafka))
  const stop = new AbortController()
  const ready = Promise.withResolvers<Worker>()
  const handlersDir = new URL('../handlers', import.meta.url).pathname
  const services = [
    worker(
      context,
      {
        name: 'bench',
        queues: queues ?? null,
        concurrency: children,
        slots: 1,
        handlersDir,
        handlers: [],
        leaseMs: 10_000,
        graceMs: 2000,
        drainMs: 5000,
        onReady: ready.resolve,
      },
      stop.signal,
    ),
    timers(context, stop.signal),
    relay(context, stop.signal),
    beat(context, stop.signal),
    chores(context, stop.signal),
    reaper(context, { leaseMs: 10_000 }, stop.signal),
  ]
  for (const service of services) service.catch(error => ready.reject(error))
  return {
    context,
    worker: await ready.promise,
    async stop() {
      stop.abort()
      await Promise.all(services)
      await context.close()
    },
  }
}

/** Applies YAML and gives what `startMany` needs for a workflow or Task of it. */
export const startable = async (context: Context, yaml: string, name: string): Promise<Startable> => {
  const { changes, diagnostics } = await apply(context, {
    sources: [{ file: 'bench.yaml', text: yaml }],
    handlers: ['noop', 'echo', 'stamp'],
    origin: 'bench',
  })
  const error = diagnostics.find(diagnostic => diagnostic.severity === 'error')
  if (!changes) throw new Error(`${error?.line}:${error?.column} ${error?.message}`)
  return prepareStart(context, { name, trigger: 'bench' })
}

/** Waits until no run is open and gives ms from the first start of these to the last end, by the database's clock: the commits' times. */
export const elapsed = async (context: Context, ids: string[]): Promise<number> => {
  for (;;) {
    // Watching must not cost what is measured: nothing is counted until no job is left.
    const [row] = await context.sql<{ open: boolean }>`select exists (select from job) as open`
    if (!row!.open) break
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  const [row] = await context.sql<{ ms: number; failed: number }>`
  select count(*) filter (where state <> 'succeeded')::int as failed, extract(epoch from max(ended_at) - min(started_at))::float8 * 1000 as ms
  from run where id = any(${`{${ids.join(',')}}`}::uuid[])`
  if (row!.failed > 0) throw new Error(`${row!.failed} runs did not succeed`)
  return row!.ms
}

export const startOne = async (context: Context, what: Startable, input: object | null): Promise<string[]> =>
  startMany(context, what, [input as never])
