import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Binaries } from './binaries.ts'
import { TqError } from '../../model/errors.ts'

/** `nobody`: what Postgres runs as when this process is root. */
const nobody = 65534

/** Who Postgres runs as, where it is not us. */
export const account = (): { uid: number; gid: number } | undefined =>
  process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : undefined

/** Makes the folder for a cluster: the one asked for or, where `nobody` cannot get there, one in the temporary folder. */
export const placeCluster = (asked: string, notices: string[]): string => {
  let dataDir = resolve(asked)
  if (account() && !reachable(dataDir)) {
    dataDir = join(tmpdir(), `tq-${hash(dataDir)}`)
    notices.push(`Postgres runs as nobody, who cannot reach ${resolve(asked)}: its data is in ${dataDir}`)
  }
  const existed = existsSync(dataDir)
  mkdirSync(dataDir, { recursive: true, mode: 0o755 })
  refuseForeign(dataDir)
  // Others may pass through to the cluster, which only its owner may read.
  if (account()) chmodSync(dataDir, 0o711)
  else if (!existed) chmodSync(dataDir, 0o700)
  return dataDir
}

/** The binaries themselves or, where `nobody` cannot get there, a copy in the temporary folder. */
export const usableBinaries = (binaries: Binaries, notices: string[]): Binaries => {
  if (!account() || reachable(binaries.root)) return binaries
  const to = join(tmpdir(), `tq-postgres-${binaries.version}-${hash(binaries.root)}`)
  if (!existsSync(to)) {
    const building = mkdtempSync(`${to}-`)
    cpSync(binaries.root, building, { recursive: true, verbatimSymlinks: true })
    chmodSync(building, 0o755)
    try {
      renameSync(building, to)
    } catch (error) {
      // Another process was faster.
      rmSync(building, { recursive: true })
      if (!existsSync(to)) throw error
    }
    notices.push(`Postgres runs as nobody, who cannot reach ${binaries.root}: a copy is in ${to}`)
  }
  refuseForeign(to)
  const moved = (path: string) => path.replace(binaries.root, to)
  return {
    ...binaries,
    root: to,
    initdb: moved(binaries.initdb),
    postgres: moved(binaries.postgres),
    ...(binaries.libraries === undefined ? {} : { libraries: moved(binaries.libraries) }),
  }
}

/** Whether `nobody` may pass through all folders above a path, and into it if it is there. */
const reachable = (path: string): boolean => {
  for (let dir = path; ; dir = dirname(dir)) {
    if (existsSync(dir)) {
      const { uid, mode } = statSync(dir)
      if ((mode & (uid === nobody ? 0o100 : 0o001)) === 0 && !(dir === path && uid === 0)) return false
    }
    if (dir === dirname(dir)) return true
  }
}

/** In the temporary folder anyone may have put what we are about to trust. */
const refuseForeign = (dir: string): void => {
  const { uid, mode } = statSync(dir)
  if (process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0)) return
  if (!dir.startsWith(tmpdir())) return
  throw new TqError('CONFLICT', `${dir} belongs to user ${uid} or others may write to it; remove it`)
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)
