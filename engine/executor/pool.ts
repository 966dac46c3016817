import { TqError } from '../model/errors.ts'
import { freest, solitary } from './assign.ts'
import { encodeWork } from './frame.ts'
import type { FromChild } from './frame.ts'
import { hold, markFirst, newChild, overdue, raiseExpected, stuck } from './held.ts'
import type { Child } from './held.ts'
import { receiveMessages, unstartedResult } from './messages.ts'
import { isBehind, expectedMs, maxPrefetch, newPace, room, slowMs } from './pace.ts'
import { postMortem } from './postmortem.ts'
import { startProcess } from './process.ts'
import type { Exit } from './process.ts'
import type { Pool, PoolOptions, Work } from './work.ts'

/** How often the pool looks for what runs too long, ms. */
const watchMs = 50
/** After so many children that died before they were ready, the next waits. */
const maxFailedStarts = 3
const restartDelayMs = 1000
/** What long work is expected to take, ms: more than any prefetch. */
const longMs = 3_600_000

/**
 * Starts child processes and keeps as many of them alive.
 *
 * @throws TqError INTERNAL when the first children cannot start
 */
export const openPool = async (options: PoolOptions): Promise<Pool> => {
  const { slots, graceMs } = options
  const children = new Set<Child>()
  const pace = newPace()
  let wanted = options.children
  let waiting: Work[] = []
  let closing = false
  let deaths = 0
  let failedStarts = 0
  const starting: { ready(): void; failed(exit: Exit): void }[] = []
  const empty: (() => void)[] = []

  // — children —

  const addChild = () => {
    const child: Child = newChild(
      startProcess(options, {
        onMessages: messages => receive(child, messages),
        onExit: exit => bury(child, exit),
      }),
    )
    children.add(child)
  }
  const staffed = () => [...children].filter(child => !child.retiring).length
  const fill = () => {
    while (!closing && staffed() < wanted) addChild()
  }
  const retire = (child: Child) => {
    child.retiring = true
    if (child.held.size === 0) child.process.end()
    fill()
  }
  const bury = (child: Child, exit: Exit) => {
    children.delete(child)
    const expected = child.retiring && child.held.size === 0
    const { results, released } = postMortem(child, exit, performance.now())
    if (!expected) deaths += 1
    if (!child.ready) failStart(exit)
    if (results.length > 0) options.onResults(results)
    if (released.length > 0) options.onReleased(released)
    if (failedStarts < maxFailedStarts) fill()
    else setTimeout(fill, restartDelayMs).unref()
    dispatch()
    if (children.size === 0) for (const resolve of empty.splice(0)) resolve()
  }
  const failStart = (exit: Exit) => {
    failedStarts += 1
    for (const each of starting.splice(0)) each.failed(exit)
    const message = `a child process did not start: ${exit.how}${exit.stderr && `: ${exit.stderr}`}`
    options.onLog?.([{ key: null, level: 'error', message }])
  }

  // — what children say —

  const receive = (child: Child, messages: FromChild[]) => {
    const { results, released, lines, progress, ready, retire: asksToRetire } = receiveMessages(child, messages, pace)
    if (ready) {
      failedStarts = 0
      starting.shift()?.ready()
    }
    const worn = options.recycleAfter !== undefined && child.ran >= options.recycleAfter
    if ((asksToRetire || worn) && !child.retiring) retire(child)
    if (lines.length > 0) options.onLog?.(lines)
    if (progress.length > 0) options.onProgress?.(progress)
    if (results.length > 0) options.onResults(results)
    if (released.length > 0) options.onReleased(released)
    if (child.held.size === 0) emptied(child)
  }
  const emptied = (child: Child) => {
    child.reserved = false
    if (child.retiring) child.process.end()
    else if (waiting.length > 0) dispatch()
  }

  // — giving work —

  const dispatch = () => {
    if (waiting.length === 0) return
    const given = new Map<Child, Work[]>()
    const left: Work[] = []
    const aloneWaiting = waiting.filter(({ alone }) => alone).length
    for (const work of waiting) {
      const child = work.alone ? solitary(children, aloneWaiting) : freest(children, slots)
      if (!child) {
        left.push(work)
        continue
      }
      hold(child, work, work.long ? longMs : expectedMs(pace, work.handler))
      const list = given.get(child)
      if (list) list.push(work)
      else given.set(child, [work])
    }
    waiting = left
    for (const [child, list] of given) child.process.write(encodeWork(list))
  }
  // — what takes too long —

  const watch = setInterval(() => {
    const now = performance.now()
    for (const child of children) {
      if (child.held.size === 0 || !child.ready || child.killed) continue
      markFirst(child, now)
      raiseExpected(child, slowMs, now)
      child.killed = overdue(child, graceMs, now)
      if (child.killed) child.process.kill()
      else if (!child.asked && stuck(child, slots, slowMs, now)) askBack(child)
    }
  }, watchMs)
  const askBack = (child: Child) => {
    child.asked = true
    child.process.send({ release: true })
  }
  const killAll = () => {
    for (const child of children) child.process.kill()
  }
  process.on('exit', killAll)

  const pool: Pool = {
    run: work => {
      if (closing) return options.onReleased(work.map(({ key }) => key))
      waiting.push(...work)
      dispatch()
    },
    capacity: () => {
      if (closing) return 0
      let total = -waiting.length
      let behind = maxPrefetch
      for (const child of children) {
        if (child.retiring || child.reserved) continue
        total += room(pace, { slots, held: child.held.size, heldMs: child.heldMs })
        behind -= Math.max(0, child.held.size - slots)
      }
      return Math.max(0, Math.min(total, behind))
    },
    behind: () => [...children].every(child => child.retiring || child.reserved || isBehind(child, slots)),
    abort: (key, reason, grace = graceMs) => {
      const at = waiting.findIndex(work => work.key === key)
      if (at !== -1) {
        waiting.splice(at, 1)
        return options.onResults([unstartedResult(key, reason)])
      }
      for (const child of children) {
        const held = child.held.get(key)
        if (!held) continue
        const now = performance.now()
        if (held.abort) {
          held.abort.graceMs = Math.min(held.abort.graceMs, now - held.abort.at + grace)
          continue
        }
        held.abort = { reason, at: now, graceMs: grace }
        child.process.send({ abort: key, reason })
      }
    },
    started: key => [...children].some(child => child.held.get(key)?.startedAt !== undefined),
    resize: count => {
      wanted = count
      const able = [...children].filter(child => !child.retiring).sort((a, b) => a.held.size - b.held.size)
      for (const child of able.slice(0, Math.max(0, able.length - wanted))) retire(child)
      fill()
    },
    recycle: () => {
      for (const child of [...children]) if (!child.retiring) retire(child)
    },
    stats: () => ({
      children: [...children].map(({ process: { pid }, ready, retiring, held, ran }) => {
        const started = [...held.values()].filter(({ startedAt }) => startedAt !== undefined).length
        return { pid, ready, retiring, held: held.size, started, ran }
      }),
      deaths,
      averageMs: pace.overall,
      waiting: waiting.length,
    }),
    attempts: () => [
      ...[...children].flatMap(({ process: { pid }, held }) =>
        [...held.values()].map(({ work, startedAt = null }) => ({ key: work.key, pid, startedAt })),
      ),
      ...waiting.map(({ key }) => ({ key, pid: null, startedAt: null })),
    ],
    close: async ({ drainMs }) => {
      closing = true
      const unstarted = waiting.map(({ key }) => key)
      waiting = []
      if (unstarted.length > 0) options.onReleased(unstarted)
      for (const child of children) {
        if (child.held.size > 0) askBack(child)
        if (!child.retiring) retire(child)
      }
      const kill = () => {
        for (const child of children) child.outlasted = true
        killAll()
      }
      const timer = Number.isFinite(drainMs) ? setTimeout(kill, drainMs) : undefined
      if (children.size > 0) await new Promise<void>(resolve => empty.push(resolve))
      clearTimeout(timer)
      clearInterval(watch)
      process.off('exit', killAll)
    },
  }

  const allReady = Array.from(
    { length: wanted },
    () =>
      new Promise<void>((resolve, reject) => {
        const failed = (exit: Exit) =>
          reject(
            new TqError('INTERNAL', `a child process did not start: ${exit.how}: ${exit.stderr}`, {
              stderr: exit.stderr,
            }),
          )
        starting.push({ ready: resolve, failed })
      }),
  )
  fill()
  try {
    await Promise.all(allReady)
  } catch (error) {
    await pool.close({ drainMs: 0 })
    throw error
  }
  return pool
}
