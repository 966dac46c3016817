import type { Child } from './held.ts'

/** The child for work that may go to any: one with a free slot, else the one with the least before it. */
export const freest = (children: Iterable<Child>, slots: number): Child | undefined => {
  let best: Child | undefined
  let least = Infinity
  for (const child of children) {
    if (child.retiring || child.reserved) continue
    const load = child.held.size < slots ? child.held.size - slots : child.heldMs
    if (load < least) {
      best = child
      least = load
    }
  }
  return best
}

/**
 * The child for work that runs alone: an empty one, which is reserved from now on. Where there is none, another gets
 * nothing more until it is empty, unless enough of them already wait for that.
 *
 * @param waiting how much work waits to run alone
 */
export const solitary = (children: Iterable<Child>, waiting: number): Child | undefined => {
  const able = [...children].filter(child => !child.retiring)
  const idle = able.find(child => child.held.size === 0)
  if (idle) {
    idle.reserved = true
    return idle
  }
  const emptying = able.filter(child => child.reserved && [...child.held.values()].every(({ work }) => !work.alone))
  if (emptying.length >= waiting) return undefined
  const next = able.filter(child => !child.reserved).sort((a, b) => a.heldMs - b.heldMs)[0]
  if (next) next.reserved = true
  return undefined
}
