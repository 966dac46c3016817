import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { openPool } from '../../engine/executor/index.ts'
import type { LogLine, Pool, PoolOptions, Progress, Result, Work } from '../../engine/executor/index.ts'

export const handlersDir = fileURLToPath(new URL('../executor/handlers', import.meta.url))

/**
 * A pool of real children whose results can be awaited. It closes when the test ends. What it hands back it is given
 * again, as by a worker, unless `again` is false.
 */
export const testPool = async (
  t: ExecutionContext,
  { again = true, ...options }: Partial<PoolOptions> & { again?: boolean } = {},
): Promise<TestPool> => {
  // Every open pool listens to the exit of this process.
  process.setMaxListeners(100)
  const given = new Map<number, Work>()
  let closing = false
  const logs: LogLine[] = []
  const progress: Progress[] = []
  const results: Result[] = []
  const released: number[] = []
  const checks = new Set<() => void>()
  const changed = () => {
    for (const check of checks) check()
  }
  const pool = await openPool({
    children: 1,
    slots: 1,
    handlersDir,
    graceMs: 100,
    onResults: list => {
      results.push(...list)
      changed()
    },
    onReleased: keys => {
      released.push(...keys)
      if (again && !closing) pool.run(keys.map(key => given.get(key)!))
      changed()
    },
    onLog: lines => {
      logs.push(...lines)
      changed()
    },
    onProgress: list => {
      progress.push(...list)
      changed()
    },
    ...options,
  })
  t.teardown(() => {
    closing = true
    return pool.close({ drainMs: 0 })
  })
  const until = <Value>(find: () => Value | undefined | false): Promise<Value> =>
    new Promise(resolve => {
      const check = () => {
        const found = find()
        if (found === undefined || found === false) return
        checks.delete(check)
        resolve(found)
      }
      checks.add(check)
      check()
    })
  const resultOf = (key: number) => until(() => results.find(result => result.key === key))
  let lastKey = 0
  const work = (handler: string, input: unknown = {}, more: Partial<Work> = {}): Work => {
    lastKey += 1
    const names = { run: 'run-1', job: `steps/${handler}`, task: handler, idempotencyKey: `run-1/${lastKey}` }
    const one = { key: lastKey, handler, input: JSON.stringify(input), attempt: 1, alone: false, ...names, ...more }
    given.set(one.key, one)
    return one
  }
  return {
    pool,
    logs,
    progress,
    results,
    released,
    until,
    resultOf,
    work,
    run: (handler, input, more) => {
      const one = work(handler, input, more)
      pool.run([one])
      return resultOf(one.key)
    },
    logged: (key, message) => until(() => logs.find(line => line.key === key && line.message.startsWith(message))),
  }
}

export type TestPool = {
  pool: Pool
  logs: LogLine[]
  progress: Progress[]
  results: Result[]
  released: number[]
  /** Resolves when `find` finds something, looking after everything the pool reports. */
  until<Value>(find: () => Value | undefined | false): Promise<Value>
  resultOf(key: number): Promise<Result>
  work(handler: string, input?: unknown, more?: Partial<Work>): Work
  run(handler: string, input?: unknown, more?: Partial<Work>): Promise<Result>
  logged(key: number, message: string): Promise<LogLine>
}
