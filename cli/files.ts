import { watch } from 'node:fs/promises'

/** Calls back when something below a folder was saved, once per burst of 100 ms, until the signal aborts. */
export const onSaved = async (dir: string, signal: AbortSignal, action: () => Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | null = null
  try {
    for await (const _ of watch(dir, { recursive: true, signal })) {
      if (timer) clearTimeout(timer)
      timer = setTimeout(() => void action(), 100)
    }
  } catch (error) {
    if (!signal.aborted && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  } finally {
    if (timer) clearTimeout(timer)
  }
}
