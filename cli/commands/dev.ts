import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Config, type Context, devFile, listHandlers, migrate, openClient, openDatabase, readConfig, runningDev, start } from '../../engine/client.ts'
import { reaper, startPostgres, timers, type Worker, worker } from '../../engine/server.ts'
import { connected } from '../connect.ts'
import { onSaved } from '../files.ts'
import type { Io } from '../io.ts'
import { defaultFolder } from '../sources.ts'
import { finishWatching } from '../watching.ts'
import { applyFiles } from './apply.ts'
import type { Action, Options } from './index.ts'
import { readInput } from './run.ts'

const dev: Action = async (outer, options, dir) => {
  const io = { ...outer, cwd: resolve(outer.cwd, (dir as string | undefined) ?? '.') }
  const other = await runningDev(io.cwd)
  if (other) return beside(io, options, other.pid)
  const asked = performance.now()
  if (options.fresh) await rm(join(io.cwd, '.tq'), { recursive: true, force: true })
  await mkdir(join(io.cwd, '.tq'), { recursive: true })
  const config = await readConfig(io.cwd, options.concurrency ? { concurrency: Number(options.concurrency) } : {}, io.env)
  const postgres = config.databaseUrl ? null : await startPostgres({ dataDir: join(io.cwd, '.tq', 'pg') })
  const databaseUrl = config.databaseUrl ?? postgres!.url
  const stop = new AbortController()
  try {
    const database = openDatabase(databaseUrl, { schema: config.schema, max: 1 })
    await migrate(database)
    await database.close()
    const context = await openClient({ ...config, databaseUrl, connections: 6, log: logger(io) })
    const services = await startServices(context, config, stop.signal)
    await writeFile(devFile(io.cwd), JSON.stringify({ pid: process.pid, databaseUrl, schema: config.schema }), { mode: 0o600 })
    banner(io, config, postgres ? `${postgres.version}, embedded; data in ${postgres.dataDir}` : 'as configured', performance.now() - asked)
    for (const notice of postgres?.notices ?? []) io.err(`   note: ${notice}`)
    await applyFolder(io, context, config)
    const exit = typeof options.run === 'string' ? await runOnce(io, context, options, options.run) : 0
    if (typeof options.run !== 'string' || (io.interactive && !io.signal.aborted)) {
      io.err(`\nup. Manifests and handlers are read again when they are saved. In another terminal: npx tq get runs   Ctrl-C stops`)
      await stayUp(io, context, config, services.worker)
    }
    io.err('stopping …')
    stop.abort()
    await services.done
    await context.close()
    return io.signal.aborted ? 0 : exit
  } finally {
    stop.abort()
    await rm(devFile(io.cwd), { force: true })
    await postgres?.stop()
  }
}
export default dev

/** Another `tq dev` runs in this folder: nothing to start; a run can be had from it. */
const beside = async (io: Io, options: Options, pid: number): Promise<number> => {
  io.err(`tq dev runs in this folder already (pid ${pid})`)
  if (typeof options.run !== 'string') return 1
  return connected(io, context => runOnce(io, context, options, String(options.run)))
}

const startServices = async (context: Context, config: Config, signal: AbortSignal): Promise<{ worker: Worker; done: Promise<unknown> }> => {
  const handlers = (await listHandlers(config.handlersDir)) ?? []
  const ready = Promise.withResolvers<Worker>()
  const work = worker(context, { ...config, name: config.workerName, handlers, onReady: ready.resolve }, signal)
  work.catch(ready.reject)
  const done = Promise.all([work, timers(context, signal), reaper(context, config, signal)])
  done.catch(ready.reject)
  return { worker: await ready.promise, done }
}

const applyFolder = async (io: Io, context: Context, config: Config): Promise<void> => {
  const changes = await applyFiles(io, context, config, {}).catch(error => {
    io.err(`   ! ${(error as Error).message}`)
    return null
  })
  if (!changes) return io.err('   ! the manifests were not applied; what was applied before stays')
  const changed = changes.filter(change => change.action === 'created' || change.action === 'updated')
  io.err(`   ✓ ${changes.length} manifests in ${defaultFolder}/${changed.length ? `, applied ${changed.length}` : ', no change'}`)
}

const runOnce = async (io: Io, context: Context, options: Options, name: string): Promise<number> => {
  const { id } = await start(context, { name, input: await readInput(io, options), trigger: 'dev' })
  return finishWatching(io, context, id, { show: true, format: undefined })
}

const stayUp = async (io: Io, context: Context, config: Config, running: Worker): Promise<void> => {
  const watching = [
    onSaved(join(io.cwd, defaultFolder), io.signal, () => applyFolder(io, context, config)),
    onSaved(config.handlersDir, io.signal, async () => {
      running.recycle()
      io.err('   ✓ handlers changed: new jobs run the new code')
    }),
  ]
  if (!io.signal.aborted) await new Promise<void>(done => io.signal.addEventListener('abort', () => done(), { once: true }))
  await Promise.all(watching)
}

const banner = (io: Io, config: Config, postgres: string, ms: number): void => {
  io.err(` ${io.paint('bold', 'tq dev')}   ${io.cwd}   ready in ${(ms / 1000).toFixed(1)} s`)
  io.err(`   Postgres   ${postgres}`)
  io.err(`   Worker     ${config.concurrency} child processes; handlers in ${config.handlersDir}`)
}

const logger = (io: Io): Context['log'] => (level, message) => {
  if (level !== 'debug' || io.env.TQ_DEBUG) io.err(`   ${level}: ${message}`)
}
