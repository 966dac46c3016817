import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { problemOf } from '../checks/handlers.ts'

/** Of the handlers that were saved since, those that cannot be loaded, and why. */
export const wrongSince = async (dir: string, handlers: string[], since: number): Promise<string[]> => {
  const saved = []
  for (const name of handlers) {
    const times = await Promise.all(
      ['ts', 'js', 'mjs'].map(extension => stat(join(dir, `${name}.${extension}`)).catch(() => null)),
    )
    if (times.some(time => time && time.mtimeMs > since - 1000)) saved.push(name)
  }
  const wrong = []
  for (const name of saved.slice(0, 20)) wrong.push(...(await problemOf(dir, name)).map(one => one.text))
  return wrong
}
