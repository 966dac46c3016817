import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/** Names of the handlers in a folder: paths without extension (semantics L3), sorted. Null: there is no such folder. */
export const listHandlers = async (dir: string): Promise<string[] | null> => {
  const files = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => null)
  if (!files) return null
  return files
    .filter(file => file.isFile() && /\.(ts|js|mjs)$/.test(file.name) && !file.name.endsWith('.d.ts'))
    .map(file =>
      relative(dir, join(file.parentPath, file.name))
        .replace(/\.(ts|js|mjs)$/, '')
        .split(sep)
        .join('/'),
    )
    .filter(name => !name.split('/').includes('node_modules'))
    .sort()
}
