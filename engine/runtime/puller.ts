import { setTimeout as sleep } from 'node:timers/promises'
import type { Hint } from '../broker/index.ts'
import { type Cursor, claimJobs, claimQueue, queuesWithJobs } from '../store/claim.ts'
import type { HeldJob, QueuedJob } from '../store/job.ts'
import type { QueueRow } from '../store/manifest.ts'
import type { Context } from './context.ts'
import { isLostConnection } from './patience.ts'

/** A pull at least so often, jittered, whatever hints say: the bound on the delay of a lost hint. */
export const pollMs = 1000
/** The same while the broker does not carry: then the poll is all there is. */
const deafPollMs = 100
/** How long a pull may begin behind what was seen taken, before it looks from the front again: bounds priority inversion. */
const cursorMs = 250
const controlLimit = 200

export type Puller = {
  /** These queues may have work: look now. */
  wake(queues: Iterable<number>): void
  /** What hints say: jobs that they name are claimed by name while there is room, else their queue is pulled. */
  hear(hints: Hint[]): void
  /** Room came free. */
  room(): void
  /** Whether another queue than this one may have work that waits for room. */
  waits(beside: number): boolean
  done: Promise<void>
}

type Options = {
  session(): number | null
  queues(): QueueRow[]
  /** How many jobs of tasks can be held beyond those that are. */
  capacity(): number
  /** A claim's answer was lost: jobs may be held that nobody knows of. */
  onLostAnswer(): void
  onClaimed(jobs: HeldJob[]): void
  signal: AbortSignal
}

/**
 * Claims up to the free capacity: the engine's own queue first, then the others in turns. Queues of which the last pull came
 * back full, or of which a hint spoke, are pulled whenever room comes free; once a `pollMs` one look finds those that have jobs unknown to it.
 */
export const openPuller = (context: Context, options: Options): Puller => {
  const hot = new Set<number>()
  let named: Omit<QueuedJob, 'queue'>[] = []
  const cursors = new Map<number, { cursor: Cursor; until: number }>()
  let wakeUp = () => {}
  let asleep = false
  let turn = 0

  const pullQueue = async (queue: QueueRow, limit: number): Promise<number> => {
    const session = options.session()
    if (session === null) return 0
    const limited = queue.concurrency !== null || queue.rate_count !== null
    const known = cursors.get(queue.id)
    const after = known && known.until > performance.now() ? known.cursor : undefined
    hot.delete(queue.id) // before the claim: what is hinted while it is under way may be too late for it
    const { jobs, runs, busy, cursor } = await claimQueue(context.sql, {
      session,
      queue: queue.id,
      limit,
      limited,
      ...(after ? { after } : {}),
    })
    context.values.meet(runs)
    if (jobs.length > 0) options.onClaimed(jobs)
    if (cursor && !limited)
      cursors.set(queue.id, { cursor, until: after ? known!.until : performance.now() + cursorMs })
    if (busy || jobs.length === limit) hot.add(queue.id)
    else if (after) {
      cursors.delete(queue.id)
      hot.add(queue.id)
    }
    if (queue.rate_count !== null && jobs.length > 0) setTimeout(() => wake([queue.id]), nextTokenMs(queue)).unref()
    if (busy) await sleep(1 + Math.random() * 2)
    return jobs.length
  }

  /** By name, a queue's order does not count: only where nothing of it waits, as far as is known. */
  const claimNamed = async (): Promise<void> => {
    const session = options.session()!
    const jobs = named
    named = []
    const queues = options.queues().map(queue => queue.id)
    const claimed = await claimJobs(context.sql, { session, jobs, queues })
    context.values.meet(claimed.runs)
    if (claimed.jobs.length > 0) options.onClaimed(claimed.jobs)
  }

  /** False where nothing was asked of the database: then nothing may be tried again at once, or it would be for ever. */
  const round = async (all: boolean): Promise<boolean> => {
    const queues = options.queues()
    for (const id of hot) if (!queues.some(queue => queue.id === id)) hot.delete(id)
    if (options.session() === null) {
      named = []
      return false
    }
    const cold = all ? queues.flatMap(({ id }) => (hot.has(id) ? [] : [id])) : []
    if (cold.length > 0) for (const id of await queuesWithJobs(context.sql, cold)) hot.add(id)
    let asked = cold.length > 0 || named.length > 0
    if (named.length > 0) await claimNamed()
    const own = queues.find(queue => queue.id === 0)
    if (own && hot.has(0)) {
      asked = true
      await pullQueue(own, controlLimit)
    }
    const wanted = queues.filter(queue => queue.id !== 0 && hot.has(queue.id))
    const first = turn++ // also when there is no room for all: the next round begins with another
    const order = wanted.map((_, i) => wanted[(i + first) % wanted.length]!)
    for (const [i, queue] of order.entries()) {
      const room = options.capacity()
      if (room <= 0) {
        for (const { id } of order.slice(i)) hot.add(id) // not looked at: as soon as there is room
        return asked
      }
      asked = true
      await pullQueue(queue, Math.min(500, Math.max(1, Math.ceil(room / (wanted.length - i)))))
    }
    return asked
  }

  const loop = async () => {
    let nextPoll = 0
    while (!options.signal.aborted) {
      const all = performance.now() >= nextPoll
      if (all) nextPoll = performance.now() + currentPollMs() * (0.75 + Math.random() / 2)
      let asked = true
      try {
        asked = await round(all)
      } catch (error) {
        if (isLostConnection(error)) options.onLostAnswer()
        else context.log('error', `pulling failed: ${(error as Error).message}`)
        await sleep(100 + Math.random() * 100, undefined, { signal: options.signal }).catch(() => {})
      }
      if (named.length > 0 || (asked && ((hot.size > 0 && options.capacity() > 0) || hot.has(0)))) continue
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, Math.max(1, nextPoll - performance.now()))
        wakeUp = () => {
          clearTimeout(timer)
          resolve()
        }
        asleep = true
      })
      asleep = false
    }
  }

  const wake = (queues: Iterable<number>) => {
    for (const id of queues) hot.add(id)
    if (hot.size > 0) poke()
  }
  const hear = (hints: Hint[]) => {
    const queues = options.queues()
    for (const { queue: id, jobs } of hints) {
      const queue = queues.find(one => one.id === id)
      const unlimited = queue && !queue.paused && queue.concurrency === null && queue.rate_count === null
      if (jobs && unlimited && !hot.has(id) && named.length + jobs.length <= options.capacity()) named.push(...jobs)
      else hot.add(id)
    }
    poke()
  }
  const currentPollMs = () => (context.broker.health().state === 'up' ? pollMs : deafPollMs)
  const poke = () => {
    if (asleep) wakeUp()
  }
  options.signal.addEventListener('abort', poke)
  return {
    wake,
    hear,
    room() {
      if (hot.size > 0) poke()
    },
    waits: beside => [...hot].some(id => id !== 0 && id !== beside),
    done: loop(),
  }
}

/** When a queue with a rate limit can give one more job than it just gave; the poll comes no later. */
const nextTokenMs = (queue: QueueRow): number =>
  Math.min(pollMs, Math.max(10, Math.ceil(queue.rate_ms! / queue.rate_count!) + 2))
