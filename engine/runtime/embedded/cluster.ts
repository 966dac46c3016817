import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { environment, unreachable } from './binaries.ts'
import type { Binaries } from './binaries.ts'
import { account } from './place.ts'

/** The password of the cluster, made when it is first asked for. */
export const passwordOf = (dataDir: string): string => {
  const file = join(dataDir, 'password')
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 })
    const as = account()
    if (as) chownSync(file, as.uid, as.gid)
  }
  return readFileSync(file, 'utf8').trim()
}

/**
 * Makes a cluster whose only way in is the password.
 *
 * @throws TqError DATABASE_UNREACHABLE with what initdb said
 */
export const makeCluster = async (binaries: Binaries, dataDir: string, cluster: string): Promise<void> => {
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
  if (exitCode === 0) return
  const hint = /could not look up effective user/.test(all)
    ? '\nPostgres wants its user to have a name: add one to /etc/passwd, run as another user, or give the URL of a server'
    : ''
  throw unreachable(`initdb failed with exit code ${exitCode} in ${cluster}:\n${all}${hint}`)
}
