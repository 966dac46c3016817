import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Handler } from '../../task.ts'
import type { JobError } from '../../model/errors.ts'
import { toJobError } from './error.ts'

/** A handler in this process. `runs` and `averageMs` say how well its behaviour is known. */
export type Loaded = { handler: Handler; code: string; runs: number; averageMs: number }

const extensions = ['.ts', '.js', '.mjs']

/** Loads a handler from its file. A missing one is looked for again each time, because files may come. */
export const loadHandler = async (dir: string, name: string): Promise<Loaded | { error: JobError }> => {
  const base = resolve(dir, name)
  if (!base.startsWith(resolve(dir) + sep) || name.includes('\0'))
    return invalid(`handler "${name}" is not a path inside ${dir}`)
  const source = await readFirst(extensions.map(extension => base + extension))
  if (!source) {
    const message = `there is no handler "${name}": looked for ${join(dir, name)}{${extensions.join(',')}}`
    return { error: { name: 'HandlerMissing', message } }
  }
  const { file, text } = source
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown }
    const found = module.default
    if (typeof found !== 'function')
      return invalid(`${file} has no default export that is a function: \`export default async input => …\``)
    const code = createHash('sha256').update(text).digest('hex').slice(0, 12)
    return { handler: found as Handler, code, runs: 0, averageMs: 0 }
  } catch (error) {
    const { name, message, stack } = toJobError(error)
    return invalid(`${file} cannot be loaded: ${name}: ${message}${hint(error)}`, stack)
  }
}

const invalid = (message: string, stack?: string): { error: JobError } => ({
  error: { name: 'HandlerInvalid', message, ...(stack === undefined ? {} : { stack }) },
})

const readFirst = async (files: string[]): Promise<{ file: string; text: Buffer } | undefined> => {
  for (const file of files) {
    const text = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR') return undefined
      throw error
    })
    if (text) return { file, text }
  }
  return undefined
}

const hint = (error: unknown): string => {
  const { code } = error as { code?: string }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return ' (Node strips types and runs the rest: no enums, namespaces or parameter properties)'
  if (code === 'ERR_INVALID_TYPESCRIPT_SYNTAX') return ' (a syntax error)'
  if (code === 'ERR_MODULE_NOT_FOUND') return ' (imports need their extension, as in "./report.ts")'
  return ''
}
