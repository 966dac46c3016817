import { openPool } from '../engine/executor/index.ts'
import type { Work } from '../engine/executor/index.ts'

/** Jobs per second that one pool runs when all they do is nothing, and what they cost this process. */
const measure = async (children: number, seconds: number, slots = 1): Promise<void> => {
  let done = 0
  let key = 0
  let stopped = false
  const feed = () => {
    const room = stopped ? 0 : pool.capacity()
    if (room > 0) pool.run(Array.from({ length: room }, () => noop(key++)))
  }
  const pool = await openPool({
    children,
    slots,
    handlersDir: new URL('../test/executor/handlers', import.meta.url).pathname,
    graceMs: 2000,
    onResults: results => {
      done += results.length
      feed()
    },
    onReleased: () => {},
  })
  const count = async (ms: number): Promise<{ jobs: number; cpuUs: number; ms: number }> => {
    const from = { done, cpu: process.cpuUsage(), at: performance.now() }
    await new Promise(resolve => setTimeout(resolve, ms))
    const { user, system } = process.cpuUsage(from.cpu)
    return { jobs: done - from.done, cpuUs: user + system, ms: performance.now() - from.at }
  }
  feed()
  await count(1000)
  const { jobs, cpuUs, ms } = await count(seconds * 1000)
  stopped = true
  await pool.close({ drainMs: 5000 })
  const rate = Math.round((jobs / ms) * 1000)
  console.log(
    `${children} children × ${slots} slots: ${rate} jobs/s, ${(cpuUs / jobs).toFixed(2)} µs CPU per job in the pool`,
  )
}

const noop = (key: number): Work => ({
  key,
  handler: 'noop',
  input: '{"item":1}',
  attempt: 1,
  idempotencyKey: `0197c1f0-0000-7000-8000-000000000000/${key}`,
  run: '0197c1f0-0000-7000-8000-000000000000',
  job: 'all/0',
  task: 'noop',
  timeoutMs: 60_000,
  alone: false,
})

const measureReplacement = async (): Promise<void> => {
  const times: number[] = []
  for (let i = 0; i < 10; i++) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const pool = await openPool({
      children: 1,
      slots: 1,
      handlersDir: new URL('../test/executor/handlers', import.meta.url).pathname,
      graceMs: 2000,
      onResults: () => resolve(),
      onReleased: () => {},
    })
    const from = performance.now()
    process.kill(pool.stats().children[0]!.pid, 'SIGKILL')
    while (pool.stats().deaths === 0) await new Promise(setImmediate)
    pool.run([noop(1)])
    await promise
    times.push(performance.now() - from)
    await pool.close({ drainMs: 0 })
  }
  times.sort((a, b) => a - b)
  console.log(
    `kill to the replacement's first result: median ${times[5]!.toFixed(0)} ms, worst ${times[9]!.toFixed(0)} ms`,
  )
}

await measure(1, 3)
await measure(2, 3)
await measure(1, 3, 16)
await measureReplacement()
