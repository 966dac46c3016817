import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TqError } from '../../model/errors.ts'

/**
 * Makes this process the one that may start a server on a cluster. A server whose starter was killed is ended first.
 *
 * @returns gives the claim back
 * @throws TqError CONFLICT when the starter lives
 */
export const claimCluster = async (dataDir: string, cluster: string): Promise<() => void> => {
  const release = claimFolder(dataDir, 'Postgres')
  try {
    await endOrphan(cluster)
  } catch (error) {
    release()
    throw error
  }
  return release
}

/**
 * Makes this process the one that may start a server on a folder.
 *
 * @returns gives the claim back
 * @throws TqError CONFLICT when a living process has it
 */
export const claimFolder = (dataDir: string, server: string): (() => void) => {
  const file = join(dataDir, 'owner')
  const me = `${process.pid} ${startOf(process.pid)}`
  for (;;) {
    try {
      writeFileSync(file, me, { flag: 'wx' })
      return () => rmSync(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = readFileSync(file, 'utf8')
    const pid = Number(owner.split(' ', 1)[0])
    if (alive(pid) && owner === `${pid} ${startOf(pid)}`)
      throw new TqError(
        'CONFLICT',
        `process ${pid} has already started ${server} on ${dataDir}; stop it, or use its address, or another folder`,
        { pid, dataDir },
      )
    rmSync(file, { force: true })
  }
}

/** The state a postmaster writes into its pid file (line 8), if it is the process's. */
export const postmasterStatus = (cluster: string, pid: number | undefined): string | undefined => {
  const lines = readPidFile(cluster)
  return lines && Number(lines[0]) === pid ? lines[7]?.trim() : undefined
}

const endOrphan = async (cluster: string): Promise<void> => {
  const pid = Number(readPidFile(cluster)?.[0] ?? 0)
  if (pid <= 0) return
  if (!alive(pid) || !commandOf(pid).includes(cluster)) {
    // Its number may by now be another process's, which would keep Postgres from starting.
    rmSync(join(cluster, 'postmaster.pid'), { force: true })
    return
  }
  // Fast, then without a checkpoint: the next start recovers.
  for (const [signal, tries] of [['SIGINT', 500] as const, ['SIGQUIT', 500] as const]) {
    process.kill(pid, signal)
    for (let i = 0; i < tries; i++) {
      // One that nobody has waited for has a number still, but no command.
      if (!alive(pid) || !commandOf(pid).includes(cluster)) return
      await sleep(10)
    }
  }
  throw new TqError('CONFLICT', `process ${pid}, a Postgres left on ${cluster}, does not end; kill it`, { pid })
}

const readPidFile = (cluster: string): string[] | undefined => {
  const file = join(cluster, 'postmaster.pid')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : undefined
}

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process started, which tells it from a later one with its number. Empty where that cannot be seen. */
const startOf = (pid: number): string => {
  try {
    return (
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[19] ?? ''
    )
  } catch {
    return ''
  }
}

const commandOf = (pid: number): string => {
  try {
    if (existsSync('/proc/self/cmdline')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' })
  } catch {
    return ''
  }
}
