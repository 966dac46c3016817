import type { Broker, Control, Hint } from '../../engine/broker/index.ts'

export type Fuzz = 'drop' | 'double' | 'reorder' | 'delay' | 'mix'

/** The same numbers for the same seed (mulberry32): in [0, 1). */
export const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let x = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
  return ((x ^ (x >>> 14)) >>> 0) / 4294967296
}

/**
 * A broker that keeps the port's contract to the letter and no more: what it carries is lost, doubled, late or out of order.
 *
 * @param delayMs the longest that something is late
 */
export const fuzzed = (broker: Broker, how: Fuzz, seed = 1, delayMs = 300): Broker => {
  const random = seeded(seed)
  const timers = new Set<NodeJS.Timeout>()
  const later = (ms: number, work: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, ms)
    timers.add(timer)
  }
  const held: (() => void)[] = []
  const pass = (deliver: () => void): void => {
    const what: Fuzz =
      how === 'mix' ? (['drop', 'double', 'reorder', 'delay'] as const)[Math.floor(random() * 4)]! : how
    if (what === 'drop') return
    if (what === 'delay') {
      later(random() * delayMs, deliver)
      return
    }
    if (what === 'reorder') {
      held.push(deliver)
      if (held.length >= 3) for (const one of held.splice(0).toReversed()) one()
      return
    }
    deliver()
    later(random() * 50, deliver)
  }
  return {
    ...broker,
    ring: (hints: Hint[]) => pass(() => broker.ring(hints)),
    broadcast: (message: Control) => pass(() => broker.broadcast(message)),
    listen: (queues, on) => broker.listen(queues, hints => pass(() => on(hints))),
    onControl: on => broker.onControl(message => pass(() => on(message))),
    async close() {
      for (const timer of timers) clearTimeout(timer)
      await broker.close()
    },
  }
}
