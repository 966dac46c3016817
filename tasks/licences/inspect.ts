import { createHash } from 'node:crypto'
import { lstat, readFile, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { defineTask } from '../../engine/task.ts'
import type { Entry } from './list.ts'

/** What is known of an installed package. `sha256` is over its files: their sorted paths and contents. */
export type Inspection = Entry & { licence: string; bytes: number; files: number; sha256: string }

/** The package of a lockfile is not installed: an optional one of another platform, or a forgotten `npm ci`. */
class PackageAbsent extends Error {}

/**
 * Reads an installed package: its licence, its size and a digest of its files. Packages nested in it are entries of
 * their own. Input: an entry of `licences/list`, and `root`, the folder of the lockfile.
 */
export default defineTask<Entry & { root?: string }, Inspection>(async ({ root = '.', ...entry }, { signal }) => {
  const folder = join(root, entry.path)
  const manifest = await readFile(join(folder, 'package.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new PackageAbsent(`${entry.name} ${entry.version} is not in ${folder}`)
    throw error
  })
  const hash = createHash('sha256')
  let bytes = 0
  const files = (await filesOf(folder)).sort()
  for (const file of files) {
    signal.throwIfAborted()
    const content = await contentOf(join(folder, file))
    hash.update(`${file}\0${content.length}\0`).update(content)
    bytes += content.length
  }
  const { path, name, version, optional } = entry
  return {
    path,
    name,
    version,
    optional,
    licence: licenceOf(manifest),
    bytes,
    files: files.length,
    sha256: hash.digest('hex'),
  }
})

const filesOf = async (folder: string, under = ''): Promise<string[]> => {
  const found: string[] = []
  for (const entry of await readdir(join(folder, under), { withFileTypes: true })) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`
    if (!entry.isDirectory()) found.push(path)
    else if (entry.name !== 'node_modules') found.push(...(await filesOf(folder, path)))
  }
  return found
}

/** A symbolic link counts as what it says: following it may lead out of the package. */
const contentOf = async (path: string): Promise<Buffer> =>
  (await lstat(path)).isSymbolicLink() ? Buffer.from(await readlink(path)) : readFile(path)

/** `license` has been a string, an object, and in old packages a list called `licenses`. */
const licenceOf = (manifest: string): string => {
  type Old = string | { type?: string }
  const { license, licenses } = JSON.parse(manifest) as { license?: Old; licenses?: Old[] | Old }
  const all = [license ?? licenses ?? []].flat().map(each => (typeof each === 'string' ? each : each.type))
  return all.filter(each => each !== undefined && each !== '').join(' OR ') || 'unknown'
}
