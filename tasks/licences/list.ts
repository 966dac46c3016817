import { readFile } from 'node:fs/promises'
import { defineTask } from '../../engine/task.ts'

/** An entry of a lockfile: where the package belongs, under the folder of the lockfile. */
export type Entry = { path: string; name: string; version: string; optional: boolean }

type Lockfile = { packages?: { [path: string]: { name?: string; version?: string; optional?: boolean } } }

/** Lists the packages of a package-lock.json, the project's own left out. Input: `lockfile`, its path. */
export default defineTask<{ lockfile: string }, Entry[]>(async ({ lockfile }) => {
  const { packages } = JSON.parse(await readFile(lockfile, 'utf8')) as Lockfile
  if (!packages) throw new TypeError(`${lockfile} has no "packages": it takes a lockfile of npm 7 or newer`)
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, { name, version = '', optional = false }]) => ({
      path,
      name: name ?? nameOf(path),
      version,
      optional,
    }))
})

const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
