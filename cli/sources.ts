import { open, readdir, stat } from 'node:fs/promises'
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
    else sources.push(...(await readAll(io.cwd, await expand(io.cwd, file, recursive))))
  }
  return sources
}

/** So many files are read at once: not one after the other, and not more than a process may have open. */
const filesAtOnce = 64

const readAll = async (cwd: string, paths: string[]): Promise<Source[]> => {
  const sources: Source[] = []
  for (let from = 0; from < paths.length; from += filesAtOnce)
    sources.push(
      ...(await Promise.all(
        paths
          .slice(from, from + filesAtOnce)
          .map(async path => ({ file: shown(cwd, path), text: await readText(path) })),
      )),
    )
  return sources
}

/** A file's text; of one that is larger than any manifest may be only so much that this is found out. */
const readText = async (path: string): Promise<string> => {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size <= maxManifestBytes) return await file.readFile('utf8')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxManifestBytes + 1))
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
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
      sources.push({ file: shown(io.cwd, path), text: await readText(path) })
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
