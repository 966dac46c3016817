import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawn } from 'node:child_process'
import { execa } from 'execa'
import pg from 'pg'
import { TqError } from '../model/errors.ts'
import { findBinaries } from './embedded/binaries.ts'
import type { Binaries } from './embedded/binaries.ts'
import { claimCluster, postmasterStatus } from './embedded/claim.ts'
import { account, placeCluster, usableBinaries } from './embedded/place.ts'

export type EmbeddedOptions = {
  /** The folder for the cluster, its password and its log. */
  dataDir: string
  /** Default: the one of the last time where it is free, else any that is. */
  port?: number
  /** Default true. False loses data with the machine: for tests. */
  fsync?: boolean
  /** More of postgresql.conf. */
  settings?: Record<string, string>
}

export type EmbeddedPostgres = {
  /** With the password: TCP on 127.0.0.1, user and database `tq`. */
  url: string
  pid: number
  version: string
  /** Where the data is: as root, not always where it was asked to be. */
  dataDir: string
  /** What a person should know, such as data that is somewhere else. */
  notices: string[]
  /** Fast shutdown: ends sessions, writes a checkpoint, and resolves when the process has ended. */
  stop(): Promise<void>
}

/** For one machine where someone develops: small enough for a laptop, no surprises. */
const settings = {
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  jit: 'off',
  timezone: 'UTC',
  listen_addresses: '127.0.0.1',
  // TCP with a password is the one way in: socket paths are too long in too many folders.
  unix_socket_directories: '',
  log_checkpoints: 'off',
}

/**
 * Starts a Postgres of our own on a folder, making the cluster if there is none. It ends with this process; if this
 * process is killed the server stays, and the next start on the folder ends it and recovers. Postgres refuses to run as
 * root, so then it runs as `nobody`.
 *
 * @throws TqError CONFLICT when a living process uses the folder, DATABASE_UNREACHABLE when there are no binaries or
 *   the server does not start
 */
export const startPostgres = async (options: EmbeddedOptions): Promise<EmbeddedPostgres> => {
  const notices: string[] = []
  const dataDir = placeCluster(options.dataDir, notices)
  const binaries = usableBinaries(findBinaries(), notices)
  const cluster = join(dataDir, 'cluster')
  const releaseClaim = await claimCluster(dataDir, cluster)
  try {
    const password = passwordOf(dataDir)
    if (!existsSync(join(cluster, 'PG_VERSION'))) await makeCluster(binaries, dataDir, cluster)
    const port = await choosePort(dataDir, options.port)
    const server = await startServer(binaries, dataDir, cluster, port, options)
    const url = `postgres://tq:${password}@127.0.0.1:${port}/tq`
    await createDatabase(url)
    return {
      url,
      pid: server.pid,
      version: binaries.version,
      dataDir,
      notices,
      stop: () => server.stop().finally(releaseClaim),
    }
  } catch (error) {
    releaseClaim()
    throw error
  }
}

const passwordOf = (dataDir: string): string => {
  const file = join(dataDir, 'password')
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 })
    const as = account()
    if (as) chownSync(file, as.uid, as.gid)
  }
  return readFileSync(file, 'utf8').trim()
}

const makeCluster = async (binaries: Binaries, dataDir: string, cluster: string): Promise<void> => {
  // Left by an initdb that was killed: PG_VERSION is written among the last.
  rmSync(cluster, { recursive: true, force: true })
  mkdirSync(cluster, { mode: 0o700 })
  const as = account()
  if (as) chownSync(cluster, as.uid, as.gid)
  const { exitCode, all } = await execa(
    binaries.initdb,
    [
      ...['-D', cluster, '-U', 'tq', '--pwfile', join(dataDir, 'password'), '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'],
    ],
    { ...as, all: true, reject: false, stdin: 'ignore', cwd: '/', extendEnv: false, env: environment(binaries) },
  )
  if (exitCode !== 0) throw unreachable(`initdb failed with exit code ${exitCode} in ${cluster}:\n${all}`)
}

const startServer = async (
  binaries: Binaries,
  dataDir: string,
  cluster: string,
  port: number,
  { fsync = true, settings: more = {} }: EmbeddedOptions,
): Promise<{ pid: number; stop(): Promise<void> }> => {
  const all = { ...settings, fsync: fsync ? 'on' : 'off', ...(fsync ? {} : { full_page_writes: 'off' }), ...more, port }
  const logFile = join(dataDir, 'postgres.log')
  const log = openSync(logFile, 'w')
  const subprocess = spawn(binaries.postgres, ['-D', cluster, ...Object.entries(all).flatMap(asArguments)], {
    ...account(),
    stdio: ['ignore', log, log],
    // Control-C in the terminal is ours to decide on.
    detached: true,
    cwd: '/',
    env: environment(binaries),
  })
  closeSync(log)
  const pid = subprocess.pid
  const ended = new Promise<void>(resolve => subprocess.once('close', () => resolve()).once('error', () => resolve()))
  const failed = () => subprocess.exitCode !== null || subprocess.signalCode !== null || pid === undefined
  while (postmasterStatus(cluster, pid) !== 'ready') {
    if (failed()) throw unreachable(`Postgres did not start:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
    await sleep(5)
  }
  const interrupt = () => {
    if (!failed()) subprocess.kill('SIGINT')
  }
  process.once('exit', interrupt)
  return {
    pid: pid!,
    stop: async () => {
      interrupt()
      await ended
      process.off('exit', interrupt)
    },
  }
}

const asArguments = ([name, value]: [string, string | number]): string[] => ['-c', `${name}=${value}`]

/** As little as it needs; the packaged libraries are found by their place. */
const environment = (binaries: Binaries): Record<string, string> => ({
  PATH: '/usr/bin:/bin',
  LC_ALL: 'C',
  ...(binaries.libraries ? { LD_LIBRARY_PATH: binaries.libraries } : {}),
})

const choosePort = async (dataDir: string, asked: number | undefined): Promise<number> => {
  const file = join(dataDir, 'port')
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  if (asked !== undefined && !(await freePort(asked)))
    throw unreachable(`port ${asked} of 127.0.0.1 is taken; choose another, or none to get any that is free`)
  const port = asked ?? (last && (await freePort(last))) ?? 0
  const chosen = port || (await freePort(0))!
  writeFileSync(file, String(chosen))
  chmodSync(file, 0o644)
  return chosen
}

const freePort = (port: number): Promise<number | undefined> =>
  new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

const createDatabase = async (url: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url.replace(/\/tq$/, '/postgres') })
  await client.connect()
  try {
    const { rowCount } = await client.query("select from pg_database where datname = 'tq'")
    if (rowCount === 0) await client.query('create database tq')
  } finally {
    await client.end()
  }
}

const unreachable = (message: string): TqError => new TqError('DATABASE_UNREACHABLE', message)
