import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EmbeddedOptions } from '../embedded.ts'
import { environment, unreachable } from './binaries.ts'
import type { Binaries } from './binaries.ts'
import { postmasterStatus } from './claim.ts'
import { account } from './place.ts'

/** For one machine where someone develops: small enough for a laptop, no surprises. */
const settings = {
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  jit: 'off',
  // Many commands at once, beside a worker: each takes two or three for a moment.
  max_connections: '300',
  timezone: 'UTC',
  listen_addresses: '127.0.0.1',
  // TCP with a password is the one way in: socket paths are too long in too many folders.
  unix_socket_directories: '',
  log_checkpoints: 'off',
}

/**
 * Starts the server and resolves when it takes connections.
 *
 * @throws TqError DATABASE_UNREACHABLE with the end of its log
 */
export const startServer = async (
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
