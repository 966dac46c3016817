import { markFirst } from './held.ts'
import type { Child } from './held.ts'
import type { Exit } from './process.ts'
import type { Result, Work } from './work.ts'

/**
 * What a child's death means for what it held: the attempt it was killed for failed with the reason; what had started
 * was lost with it; the rest is free to run elsewhere.
 */
export const postMortem = (child: Child, exit: Exit, now: number): { results: Result[]; released: number[] } => {
  const results: Result[] = []
  const released: number[] = []
  const all = [...child.held.values()]
  if (!child.exiting && all.every(held => held.startedAt === undefined)) markFirst(child, now)
  const guilty = child.exiting?.key ?? undefined
  for (const { work, startedAt } of all) {
    const ranMs = startedAt === undefined ? 0 : Math.round(now - startedAt)
    if (child.killed?.key === work.key) results.push(killedResult(child.killed, work, ranMs))
    else if (startedAt !== undefined || work.key === guilty)
      results.push({
        key: work.key,
        ok: false,
        crashed: true,
        ranMs,
        error: { name: 'ChildCrashed', message: deathMessage(child, exit, work.key) },
      })
    else released.push(work.key)
  }
  child.held.clear()
  child.heldMs = 0
  return { results, released }
}

const killedResult = ({ reason }: NonNullable<Child['killed']>, work: Work, ranMs: number): Result => {
  const limit = work.timeoutMs === undefined ? 'it may' : `its limit of ${work.timeoutMs} ms`
  const what = reason === 'Timeout' ? `ran longer than ${limit}` : 'was cancelled while it ran'
  const message = `${what}, did not stop when asked to, and was killed with its process`
  return { key: work.key, ok: false, ranMs, error: { name: reason, message } }
}

const deathMessage = (child: Child, exit: Exit, key: number): string => {
  if (child.killed) return `its process was killed because a neighbour (${child.killed.reason}) did not stop`
  if (child.outlasted) return 'its worker stopped and did not wait any longer for it'
  const own = child.exiting?.key === key
  if (own) return `called process.exit(${child.exiting!.code}): its process ended with ${exit.how}`
  const heap = /heap out of memory|Reached heap limit/.test(exit.stderr) ? ': the heap was full (`memoryMb`)' : ''
  const neighbour = child.exiting && child.exiting.key !== null ? ', because a neighbour called process.exit' : ''
  return `its process ended with ${exit.how} while it ran${heap}${neighbour}`
}
