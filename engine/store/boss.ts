import { PgBoss } from 'pg-boss'
import type { Database } from './sql.ts'

/** The engine's own durable chores, off the jobs' way: kept by pg-boss in a schema beside the engine's. */
export type Boss = {
  /** Asks for a chore, once however often it is asked for while one of this key waits or is under way. */
  ask(queue: string, key: string): Promise<void>
  /** Does chores of a queue, one at a time; those of a process that has died come back. */
  work(queue: string, does: (key: string, signal: AbortSignal) => Promise<void>): Promise<void>
  stop(): Promise<void>
}

/** How soon the chore of a process that has died is somebody else's, s: pg-boss's least. */
const heartbeatSeconds = 10
const lookSeconds = 5

export const openBoss = async ({ url, schema }: Database, onError: (error: Error) => void): Promise<Boss> => {
  const boss = new PgBoss({
    connectionString: url,
    schema: `${schema}_boss`,
    max: 2,
    schedule: false,
    superviseIntervalSeconds: lookSeconds,
    monitorIntervalSeconds: lookSeconds,
  })
  boss.on('error', onError)
  await boss.start()
  const made = new Set<string>()
  const make = async (queue: string): Promise<void> => {
    if (made.has(queue)) return
    await boss.createQueue(queue, { policy: 'exclusive', retryLimit: 1000, retryDelay: 1, heartbeatSeconds })
    made.add(queue)
  }
  return {
    async ask(queue, key) {
      await make(queue)
      await boss.send(queue, { key }, { singletonKey: key })
    },
    async work(queue, does) {
      await make(queue)
      await boss.work<{ key: string }>(queue, { pollingIntervalSeconds: 0.5 }, async ([job]) => {
        if (job) await does(job.data.key, job.signal)
      })
    },
    stop: () => boss.stop({ graceful: true, timeout: 2000 }),
  }
}
