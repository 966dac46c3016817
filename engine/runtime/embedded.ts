import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { findBinaries } from './embedded/binaries.ts'
import { claimCluster } from './embedded/claim.ts'
import { makeCluster, passwordOf } from './embedded/cluster.ts'
import { placeCluster, usableBinaries } from './embedded/place.ts'
import { choosePort } from './embedded/port.ts'
import { startServer } from './embedded/server.ts'

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
    const server = await startAfterOthers(() => startServer(binaries, dataDir, cluster, port, options))
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

/** Processes of a server that was killed may still be ending, and hold its memory: Postgres refuses until they are gone. */
const startAfterOthers = async <T>(start: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await start()
    } catch (error) {
      if (tries === 10 || !(error as Error).message.includes('pre-existing shared memory block')) throw error
      await sleep(300)
    }
  }
}

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
