import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import {
  type Change,
  type Config,
  type Context,
  type DevFile,
  devFile,
  explain,
  hooksPrefix,
  listHandlers,
  localKafka,
  type Log,
  type LogLevel,
  logLevels,
  migrate,
  openClient,
  openDatabase,
  port,
  positionAt,
  readConfig,
  readManifests,
  runningDev,
  start,
  TqError,
} from '../../engine/client.ts'
import {
  beat,
  chores,
  http,
  reaper,
  relay,
  startKafka,
  timers,
  type Worker,
  worker,
  type WorkerOptions,
} from '../../engine/server.ts'
import { connected } from '../connect.ts'
import { count } from '../output.ts'
import { tellFailures } from '../dev/failures.ts'
import { wrongSince } from '../dev/handlers.ts'
import { embedded, stopNow } from '../dev/postgres.ts'
import { onSaved } from '../files.ts'
import type { Io } from '../io.ts'
import { defaultFolder } from '../sources.ts'
import { refreshProjectFiles } from '../project.ts'
import { finishWatching } from '../watching.ts'
import { applyFiles } from './apply.ts'
import type { Action, Options } from '../command.ts'
import { countOf, declaredInputs, readInput } from './run.ts'

const dev: Action = async (outer, options, dir) => {
  const io = { ...outer, cwd: resolve(outer.cwd, (dir as string | undefined) ?? '.') }
  process.chdir(io.cwd) // where handlers look for relative paths
  const other = await runningDev(io.cwd)
  if (other) return beside(io, options, other.pid)
  const asked = performance.now()
  const configured = await readConfig(io.cwd, flagsOf(io, options), io.env)
  if (options.fresh && configured.databaseUrl)
    throw new TqError(
      'USAGE',
      '--fresh empties only an embedded Postgres, and TQ_DATABASE_URL or DATABASE_URL names another',
    )
  await mkdir(join(io.cwd, '.tq'), { recursive: true })
  if (options.kafka && configured.kafka)
    throw new TqError(
      'USAGE',
      '--kafka starts a Kafka of its own, and TQ_KAFKA_BROKERS names another; leave one of them out',
    )
  const kafka = options.kafka
    ? await startKafka({ dataDir: join(io.cwd, '.tq', 'kafka'), onNotice: text => io.err(`   ${text}`) })
    : null
  const config = kafka ? { ...configured, kafka: localKafka(kafka.brokers) } : configured
  const postgres = config.databaseUrl ? null : await embedded(io, join(io.cwd, '.tq', 'pg'), options.fresh === true)
  const databaseUrl = config.databaseUrl ?? postgres!.url
  const stop = new AbortController()
  try {
    await migrateTo(databaseUrl, config.schema).catch(error => {
      if (!postgres || explain(error).code !== 'SCHEMA_OUTDATED') throw error
      throw new TqError(
        'SCHEMA_OUTDATED',
        `${explain(error).message}, or begin with an empty database: tq dev --fresh`,
        { cause: error },
      )
    })
    const { log, setLevel } = logger(io)
    const context = await openClient({ ...config, databaseUrl, connections: 8, log })
    const failures = { from: await positionAt(context.sql, new Date()), watched: new Set<string>() }
    const anyPort = options.port === undefined && !io.env.TQ_PORT
    const services = await startServices(context, { ...config, anyPort, onLogLevel: setLevel }, stop.signal)
    const { serverUrl } = services
    await writeFile(devFile(io.cwd), JSON.stringify(devFileOf({ ...config, serverUrl }, databaseUrl)), { mode: 0o600 })
    banner(
      io,
      { ...config, serverUrl },
      postgres ? `${postgres.version}, embedded; data in ${shown(io, postgres.dataDir)} (kept)` : 'as configured',
      performance.now() - asked,
    )
    for (const notice of postgres?.notices ?? []) io.err(`   note: ${notice}`)
    const read = { recursive: options.recursive, values: options.values }
    const applied = await applyFolder(io, context, config, read)
    const exit =
      typeof options.run !== 'string'
        ? 0
        : applied
          ? await runOnce(io, context, options, options.run, failures.watched)
          : 2
    if ((typeof options.run !== 'string' || io.interactive) && !io.signal.aborted) {
      // A worker that was told to shut down ends all of it.
      const signal = AbortSignal.any([io.signal, services.ended])
      await stayUp({ ...io, signal }, context, config, { running: services.worker, read, failures })
    }
    io.err('stopping …')
    io.onSecondSignal(() => stopNow(postgres?.pid))
    stop.abort()
    await services.done
    await context.close()
    return typeof options.run === 'string' ? exit : 0
  } finally {
    stop.abort()
    await rm(devFile(io.cwd), { force: true })
    await Promise.all([postgres?.stop(), kafka?.stop()])
  }
}
export default dev

const devFileOf = (config: Config, databaseUrl: string): DevFile => ({
  pid: process.pid,
  databaseUrl,
  schema: config.schema,
  ...(config.serverUrl ? { serverUrl: config.serverUrl } : {}),
  ...(config.kafka && !config.kafka.sasl && !config.kafka.tls ? { kafkaBrokers: config.kafka.brokers } : {}),
})

/** In development a stop waits 3 s for running jobs, where nothing else is said: they run again at the next start. */
const flagsOf = (io: Io, options: Options): Partial<Config> => ({
  ...(typeof options.port === 'string' ? { port: port(options.port, '--port')! } : {}),
  ...(options.concurrency ? { concurrency: countOf('--concurrency', options.concurrency) } : {}),
  ...(io.env.TQ_SHUTDOWN_TIMEOUT ? {} : { drainMs: 3000 }),
})

const migrateTo = async (databaseUrl: string, schema: string): Promise<void> => {
  const database = openDatabase(databaseUrl, { schema, max: 1 })
  try {
    await migrate(database)
  } finally {
    await database.close()
  }
}

/** Another `tq dev` runs in this folder: nothing to start; a run can be had from it. */
const beside = async (io: Io, options: Options, pid: number): Promise<number> => {
  io.err(
    `tq dev runs in this folder already (pid ${pid})${options.fresh ? ': stop it before --fresh' : '; its commands work here: tq get runs'}`,
  )
  if (typeof options.run !== 'string' || options.fresh) return 1
  return connected(io, context => runOnce(io, context, options, String(options.run)))
}

const startServices = async (
  context: Context,
  config: Config & Pick<WorkerOptions, 'onLogLevel'> & { anyPort: boolean },
  signal: AbortSignal,
): Promise<{ worker: Worker; serverUrl: string; ended: AbortSignal; done: Promise<unknown> }> => {
  const handlers = (await listHandlers(config.handlersDir)) ?? []
  const ready = Promise.withResolvers<Worker>()
  const served = Promise.withResolvers<string>()
  const work = worker(context, { ...config, name: config.workerName, handlers, onReady: ready.resolve }, signal)
  work.catch(ready.reject)
  const ended = new AbortController()
  work.finally(() => ended.abort()).catch(() => {})
  const done = Promise.all([
    work,
    timers(context, signal),
    beat(context, signal),
    chores(context, signal),
    relay(context, signal),
    reaper(context, config, signal),
    http(context, { ...config, otherPort: config.anyPort, onReady: ({ url }) => served.resolve(url) }, signal),
  ])
  done.catch(ready.reject)
  done.catch(served.reject)
  const [running, serverUrl] = await Promise.all([ready.promise, served.promise])
  return { worker: running, serverUrl, ended: ended.signal, done }
}

/** Applies the folder's manifests, read as the command line says. False: they have errors, which were printed. */
const applyFolder = async (io: Io, context: Context, config: Config, read: Options): Promise<boolean> => {
  if (!existsSync(join(io.cwd, defaultFolder))) {
    io.err(`   ! there is no folder ${defaultFolder}/ here yet; what is saved in it is applied`)
    return false
  }
  let said = ''
  const changes = await applyFiles(io, context, config, read).catch(error => {
    said = explain(error).message
    return null
  })
  if (!changes) {
    io.err(
      `   ${io.paint('red', '✖')} ${said || `the manifests in ${defaultFolder}/ were not applied; what was applied before stays`}`,
    )
    return false
  }
  await refreshProjectFiles(io, read.recursive === true)
  const changed = changes.filter(change => change.action === 'created' || change.action === 'updated')
  const kept = changes.filter(change => change.action === 'kept')
  io.err(
    `   ${io.paint('green', '✓')} ${count(changes.length - kept.length, 'manifest')} in ${defaultFolder}/, ${changed.length ? `applied ${namesOf(changed)}` : 'no change'}`,
  )
  if (kept.length > 0)
    io.err(
      `   ! ${namesOf(kept)} ${kept.length === 1 ? 'is' : 'are'} no longer in ${defaultFolder}/ and still applied: tq apply --prune deletes what is not there`,
    )
  return true
}

const namesOf = (changes: Change[]): string => {
  const names = changes.map(change => `${change.kind}/${change.name}`)
  return names.length > 4 ? String(names.length) : names.join(', ')
}

const runOnce = async (
  io: Io,
  context: Context,
  options: Options,
  name: string,
  watched = new Set<string>(),
): Promise<number> => {
  const input = await readInput(options, await declaredInputs(context, name, undefined))
  const { id } = await start(context, { name, input, trigger: 'dev' })
  watched.add(id)
  return finishWatching(io, context, id, { show: true, format: undefined })
}

/** Applies manifests and takes up handlers when they are saved, one after the other, and tells of runs that fail, until the signal aborts. */
const stayUp = async (
  io: Io,
  context: Context,
  config: Config,
  { running, read, failures }: { running: Worker; read: Options; failures: Parameters<typeof tellFailures>[2] },
): Promise<void> => {
  let last: Promise<unknown> = Promise.resolve()
  let checked = Date.now()
  const inTurn = (work: () => Promise<unknown>) => () => (last = last.then(work))
  await Promise.all([
    onSaved(
      join(io.cwd, defaultFolder),
      io.signal,
      inTurn(() => applyFolder(io, context, config, read)),
    ),
    onSaved(
      config.handlersDir,
      io.signal,
      inTurn(async () => {
        const handlers = (await listHandlers(config.handlersDir)) ?? []
        await running.reload(handlers).catch(error => io.err(`   ! ${explain(error).message}`))
        const wrong = await wrongSince(config.handlersDir, handlers, checked)
        checked = Date.now()
        for (const text of wrong) io.err(`   ${io.paint('red', '✖')} ${text}`)
        if (wrong.length === 0) io.err(`   ${io.paint('green', '✓')} handlers changed: new jobs run the new code`)
      }),
    ),
  ])
  io.err(`\n   Try   ${await suggestion(io, context)}   in another terminal; here, Ctrl-C stops`)
  await tellFailures(io, context, failures)
  await last
}

const banner = (io: Io, config: Config, postgres: string, ms: number): void => {
  io.err(` ${io.paint('bold', 'tq dev')}  ${io.cwd}  ready in ${(ms / 1000).toFixed(1)} s`)
  io.err(`   Postgres   ${postgres}`)
  io.err(`   Broker     ${config.kafka ? `kafka at ${config.kafka.brokers.join(', ')}` : 'postgres'}`)
  io.err(`   Hooks      ${config.serverUrl}${hooksPrefix}/…`)
  io.err(
    `   Worker     ${config.concurrency} child processes; handlers in ${shown(io, config.handlersDir)}, read again when they are saved`,
  )
}

/** A command to try: of the workflows that need no input the first. `npx` only where it finds this tq, and not another's. */
const suggestion = async (io: Io, context: Context): Promise<string> => {
  const local = existsSync(join(io.cwd, 'node_modules/.bin/tq')) || existsSync(join(io.cwd, 'cli/tq.js'))
  const command = local ? 'npx tq' : 'tq'
  const workflows = (await readManifests(context.sql, { namespace: context.namespace })).filter(
    row => row.kind === 'workflow',
  )
  const free = workflows.find(({ document }) =>
    Object.values((document as { spec?: { inputs?: object } }).spec?.inputs ?? {}).every(
      schema => 'default' in (schema as object),
    ),
  )
  return free ? `${command} run ${free.name} --watch` : `${command} get workflows`
}

const shown = (io: Io, path: string): string =>
  relative(io.cwd, path).startsWith('..') ? path : relative(io.cwd, path)

const logger = (io: Io): { log: Log; setLevel(level: LogLevel): void } => {
  let threshold: LogLevel = io.env.TQ_DEBUG ? 'debug' : 'info'
  return {
    setLevel: level => void (threshold = level),
    log(level, message) {
      if (logLevels.indexOf(level) >= logLevels.indexOf(threshold)) io.err(`   ${level}: ${message}`)
    },
  }
}
