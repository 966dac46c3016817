import { TqError } from '../model/errors.ts'
import { encodeWork } from './frame.ts'
import type { AbortReason, FromChild } from './frame.ts'
import { drop, hold, markStarted, newChild, overdue, postMortem, raiseExpected, stuck } from './held.ts'
import type { Child } from './held.ts'
import { expectedMs, maxPrefetch, newPace, record, room, slowMs } from './pace.ts'
import { startProcess } from './process.ts'
import type { Exit } from './process.ts'
import type { LogLine, Pool, PoolOptions, Progress, Result, Work } from './work.ts'

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
    const results: Result[] = []
    const lines: LogLine[] = []
    const progress: Progress[] = []
    for (const message of messages) {
      switch (message[0]) {
        case 'ok':
        case 'failed':
          settle(child, message, results)
          break
        case 'started':
          markStarted(child, message[1], performance.now())
          break
        case 'log':
          lines.push({
            key: message[1],
            level: message[2],
            message: message[3],
            ...(message[4] && { fields: message[4] }),
          })
          break
        case 'progress':
          progress.push({
            key: message[1],
            fraction: message[2],
            ...(message[3] !== undefined && { text: message[3] }),
          })
          break
        case 'ready':
          child.ready = true
          failedStarts = 0
          for (const each of starting.splice(0, 1)) each.ready()
          break
        case 'released':
          child.asked = false
          release(child, message[1], results)
          break
        case 'retire':
          if (!child.retiring) retire(child)
          break
        case 'exit':
          child.exiting = { key: message[1], code: message[2] }
          break
      }
    }
    if (lines.length > 0) options.onLog?.(lines)
    if (progress.length > 0) options.onProgress?.(progress)
    if (results.length > 0) options.onResults(results)
    if (child.held.size === 0) emptied(child)
  }
  const settle = (child: Child, message: FromChild & ['ok' | 'failed', ...unknown[]], results: Result[]) => {
    const [, key, ranMs, code] = message
    const held = drop(child, key)
    if (!held) return
    child.ran += 1
    if (message[0] === 'ok') {
      record(pace, held.work.handler, ranMs)
      results.push({ key, ok: true, output: message[4], ranMs, code })
    } else {
      if (code !== '') record(pace, held.work.handler, ranMs)
      results.push({ key, ok: false, error: message[4], ranMs, ...(code && { code }) })
    }
    if (options.recycleAfter !== undefined && child.ran >= options.recycleAfter && !child.retiring) retire(child)
  }
  /** Hands back what a child did not start; what was aborted meanwhile has ended. */
  const release = (child: Child, keys: number[], results: Result[]) => {
    const free: number[] = []
    for (const key of keys) {
      const held = drop(child, key)
      if (held?.abort) results.push(unstartedResult(key, held.abort.reason))
      else if (held) free.push(key)
    }
    if (free.length > 0) options.onReleased(free)
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
    for (const work of waiting) {
      const child = work.alone ? hermitage() : freest()
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
  /** The child for work that goes to any. */
  const freest = (): Child | undefined => {
    let best: Child | undefined
    let least = Infinity
    for (const child of children) {
      if (child.retiring || child.reserved) continue
      const load = child.held.size < slots ? child.held.size - slots : Math.min(child.heldMs, 1e9)
      if (load < least) {
        best = child
        least = load
      }
    }
    return best
  }
  /** An empty child, kept from now on for work that runs alone; if there is none, one is kept until it is empty. */
  const hermitage = (): Child | undefined => {
    const able = [...children].filter(child => !child.retiring)
    const idle = able.find(child => child.held.size === 0)
    if (idle) {
      idle.reserved = true
      return idle
    }
    const keptAlready = able.filter(child => child.reserved && [...child.held.values()].every(held => !held.work.alone))
    if (keptAlready.length < waiting.filter(work => work.alone).length) {
      const next = able.filter(child => !child.reserved).sort((a, b) => a.heldMs - b.heldMs)[0]
      if (next) next.reserved = true
    }
    return undefined
  }

  // — what takes too long —

  const watch = setInterval(() => {
    const now = performance.now()
    for (const child of children) {
      if (child.held.size === 0 || !child.ready || child.killed) continue
      markStarted(child, undefined, now)
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
    abort: (key, reason, grace = graceMs) => {
      const at = waiting.findIndex(work => work.key === key)
      if (at !== -1) {
        waiting.splice(at, 1)
        return options.onResults([unstartedResult(key, reason)])
      }
      for (const child of children) {
        const held = child.held.get(key)
        if (!held || held.abort) continue
        held.abort = { reason, at: performance.now(), graceMs: grace }
        child.process.send({ abort: key, reason })
      }
    },
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
    close: async ({ drainMs }) => {
      closing = true
      const unstarted = waiting.map(({ key }) => key)
      waiting = []
      if (unstarted.length > 0) options.onReleased(unstarted)
      for (const child of children) {
        if (child.held.size > 0) askBack(child)
        if (!child.retiring) retire(child)
      }
      const timer = setTimeout(() => {
        for (const child of children) child.outlasted = true
        killAll()
      }, drainMs)
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

const unstartedResult = (key: number, reason: AbortReason): Result => ({
  key,
  ok: false,
  error: { name: reason, message: 'was stopped before it started' },
  ranMs: 0,
})
