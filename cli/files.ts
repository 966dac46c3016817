import { type FSWatcher, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Calls back when something below a folder was saved, made or removed, once per burst of 100 ms, until the signal aborts. Resolves
 * when it watches. The folder need not be there yet. Each folder is watched by itself: on Linux, Node's `recursive` loses a file that an editor
 * has replaced (written beside it and renamed).
 */
export const onSaved = async (dir: string, signal: AbortSignal, action: () => Promise<unknown>): Promise<void> => {
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | undefined
  const look = async () => {
    const folders = await foldersOf(dir)
    const wanted = folders.length > 0 ? folders : [dirname(dir)]
    for (const [folder, watcher] of watchers) if (!wanted.includes(folder)) forget(folder, watcher)
    for (const folder of wanted) if (!watchers.has(folder) && !signal.aborted) observe(folder)
  }
  const forget = (folder: string, watcher: FSWatcher) => {
    watcher.close()
    watchers.delete(folder)
  }
  const observe = (folder: string) => {
    const watcher = watch(folder, (_, file) => {
      if (folder === dirname(dir) && file !== basename(dir)) return
      clearTimeout(timer)
      timer = setTimeout(() => void look().then(action), 100)
    })
    watcher.on('error', () => forget(folder, watcher))
    watchers.set(folder, watcher)
  }
  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(timer)
      for (const [folder, watcher] of watchers) forget(folder, watcher)
    },
    { once: true },
  )
  await look()
}

/** The folder and those below it; none where it is not there. */
const foldersOf = async (dir: string): Promise<string[]> => {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => null)
  if (!entries) return []
  const below = entries.filter(entry => entry.isDirectory()).map(entry => join(entry.parentPath, entry.name))
  return [dir, ...below.filter(folder => !folder.includes('node_modules'))]
}
