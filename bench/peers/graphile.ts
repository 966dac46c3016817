import { fork } from 'node:child_process'
import { makeWorkerUtils, runMigrations } from 'graphile-worker'
import pg from 'pg'

const silent = { logger: undefined }

/**
 * graphile-worker at its documented best: jobs added in batches by `addJobs`, drained by two processes with a local queue of
 * 500 and batched completion. Handlers run in its own processes, results are not stored.
 *
 * @returns milliseconds to add and drain
 */
export const graphileWorker = async (url: string, jobs: number): Promise<number> => {
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  await pool.query('drop schema if exists graphile_worker cascade')
  await runMigrations({ connectionString: url, ...quiet() })
  const utils = await makeWorkerUtils({ pgPool: pool, ...quiet() })
  const workers = await Promise.all([0, 1].map(() => startWorker(url)))
  const began = performance.now()
  for (let from = 0; from < jobs; from += 20_000)
    await utils.addJobs(
      Array.from({ length: Math.min(20_000, jobs - from) }, (_, i) => ({
        identifier: 'noop',
        payload: { i: from + i },
      })),
    )
  for (const worker of workers) worker.send('go')
  for (;;) {
    const { rows } = await pool.query('select exists (select from graphile_worker._private_jobs) as left')
    if (!rows[0].left) break
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  const ms = performance.now() - began
  for (const worker of workers) worker.kill()
  await utils.release()
  await pool.end()
  return ms
}

const startWorker = (url: string) =>
  new Promise<ReturnType<typeof fork>>(resolve => {
    const child = fork(new URL('./graphile-process.ts', import.meta.url), [url], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child.once('message', () => resolve(child))
  })

const quiet = () => ({ ...silent, noHandleSignals: true })
