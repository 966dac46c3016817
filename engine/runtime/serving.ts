import type { Hint } from '../broker/index.ts'
import { TqError } from '../model/errors.ts'
import { didYouMean } from '../model/similar.ts'
import type { QueueRow } from '../store/manifest.ts'
import type { Context } from './context.ts'

/** The queues that a worker looks at: their live fields, and which they are, which may change while it runs. */
export type Serving = {
  /** The engine's own first. */
  queues(): QueueRow[]
  ids(): number[]
  /** Reads them again; queues that are new are listened to from now on. */
  refresh(): Promise<void>
  /** @throws NOT_FOUND where the namespace has no such queue */
  add(name: string): Promise<void>
  remove(name: string): Promise<void>
  listen(on: (hints: Hint[]) => void): Promise<void>
  stop(): Promise<void>
}

/** @param only names; null: all of the namespace, also those that are new */
export const openServing = async (context: Context, { only }: { only: string[] | null }): Promise<Serving> => {
  let names = only === null ? null : new Set(only)
  const without = new Set<string>()
  const chosen = (queue: QueueRow) =>
    queue.id === 0 || (!without.has(queue.name) && (names === null || names.has(queue.name)))
  let queues = (await context.queues()).filter(chosen)
  const ids = () => queues.map(queue => queue.id)
  let listening: { on(hints: Hint[]): void; stop(): Promise<void> } | null = null
  const listen = async (on: (hints: Hint[]) => void) => {
    const before = listening
    listening = { on, ...(await context.broker.listen(ids(), on)) }
    await before?.stop()
  }

  const refresh = async () => {
    const before = ids().join()
    queues = (await context.queues(true)).filter(chosen)
    if (listening && ids().join() !== before) await listen(listening.on)
  }

  return {
    queues: () => queues,
    ids,
    refresh,
    async add(name) {
      const known = (await context.queues(true)).filter(queue => queue.id !== 0).map(queue => queue.name)
      if (!known.includes(name))
        throw new TqError(
          'NOT_FOUND',
          `there is no queue "${name}"${didYouMean(name, known) || `; there are ${known.join(', ')}`}`,
        )
      without.delete(name)
      names = names && new Set([...names, name])
      await refresh()
    },
    async remove(name) {
      without.add(name)
      await refresh()
    },
    listen,
    async stop() {
      await listening?.stop()
      listening = null
    },
  }
}
