import { PgBoss } from 'pg-boss'
import pg from 'pg'

/**
 * pg-boss through its batch calls: `insert` in batches of 1,000, then `fetch` and `complete` of 500 in four loops; no handler
 * in another process, the output is empty.
 *
 * @returns milliseconds to add and drain
 */
export const pgBoss = async (url: string, jobs: number): Promise<number> => {
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  await pool.query('drop schema if exists pgboss cascade')
  await pool.end()
  const boss = new PgBoss({ connectionString: url, max: 4, supervise: false, schedule: false })
  boss.on('error', () => {})
  await boss.start()
  await boss.createQueue('noop')
  const began = performance.now()
  for (let from = 0; from < jobs; from += 1000)
    await boss.insert(
      'noop',
      Array.from({ length: Math.min(1000, jobs - from) }, (_, i) => ({ data: { i: from + i } })),
    )
  let left = jobs
  const drain = async () => {
    while (left > 0) {
      const batch = await boss.fetch('noop', { batchSize: 500 })
      if (batch.length === 0) return
      await boss.complete(
        'noop',
        batch.map(job => job.id),
      )
      left -= batch.length
    }
  }
  await Promise.all([drain(), drain(), drain(), drain()])
  const ms = performance.now() - began
  await boss.stop({ graceful: false })
  return ms
}

/** pg-boss's `send`, one job at a time: what starting by hand costs. @returns jobs a second */
export const pgBossOneByOne = async (url: string, jobs: number): Promise<number> => {
  const boss = new PgBoss({ connectionString: url, max: 4, supervise: false, schedule: false })
  boss.on('error', () => {})
  await boss.start()
  await boss.createQueue('one')
  const began = performance.now()
  for (let i = 0; i < jobs; i++) await boss.send('one', { i })
  const ms = performance.now() - began
  await boss.stop({ graceful: false })
  return (jobs / ms) * 1000
}
