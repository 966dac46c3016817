import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { maxManifestBytes, type Source, TqError } from '../engine/client.ts'
import type { Io } from './io.ts'

export const defaultFolder = 'manifests'

/** Reads manifests: files as named, folders' `.yaml` and `.yml` files (with `recursive` those below as well), `-` for stdin. */
export const readSources = async (io: Io, files: string[] | undefined, recursive = false): Promise<Source[]> => {
  const sources: Source[] = []
  for (const file of files?.length ? files : [defaultFolder]) {
    if (file === '-') sources.push({ file: '<stdin>', text: await text(process.stdin) })
    else
      for (const path of await expand(io.cwd, file, recursive))
        sources.push({ file: shown(io.cwd, path), text: readText(path) })
  }
  return sources
}

/**
 * A file's text; of one that is larger than any manifest may be only so much that this is found out. Synchronous: of a thousand small
 * files a turn each through the thread pool takes a hundred milliseconds more.
 */
const readText = (path: string): string => {
  const file = openSync(path, 'r')
  try {
    if (fstatSync(file).size <= maxManifestBytes) return readFileSync(file, 'utf8')
    const buffer = Buffer.alloc(maxManifestBytes + 1)
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, 0))
  } finally {
    closeSync(file)
  }
}

/** Reads files of values for `config`, in their order; `-` is stdin. */
export const readValueFiles = async (io: Io, files: string[] = []): Promise<Source[]> => {
  const sources: Source[] = []
  for (const file of files) {
    if (file === '-') sources.push({ file: '<stdin>', text: await text(process.stdin) })
    else {
      const path = resolve(io.cwd, file)
      const found = await stat(path).catch(() => null)
      if (!found?.isFile()) throw new TqError('USAGE', `--values ${file}: there is no such file`)
      sources.push({ file: shown(io.cwd, path), text: readText(path) })
    }
  }
  return sources
}

/** Where manifests come from, as `--prune` remembers it: the arguments as absolute paths. */
export const originOf = (io: Io, files: string[] | undefined): string =>
  (files?.length ? files : [defaultFolder])
    .map(file => (file === '-' ? '-' : resolve(io.cwd, file)))
    .sort()
    .join('\n')

const expand = async (cwd: string, file: string, recursive: boolean): Promise<string[]> => {
  const path = resolve(cwd, file)
  const found = await stat(path).catch(() => null)
  if (!found) throw new TqError('USAGE', `there is no file or folder ${file}`)
  if (!found.isDirectory()) return [path]
  const entries = await readdir(path, { recursive, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}

const shown = (cwd: string, path: string): string => {
  const short = relative(cwd, path)
  return short.startsWith('..') ? path : short
}
