import { spawnSync } from 'node:child_process'
import { type Row, summarise } from '../support/measure.ts'

/**
 * Celery on Redis, prefork with two processes, results stored, where Python has celery and a redis-server is on the PATH;
 * else null. One batch of tasks, from the first `delay()` to the last result.
 */
export const celeryRate = async (jobs: number): Promise<Row | null> => {
  const script = new URL('./celery_peer.py', import.meta.url).pathname
  const has = (command: string, args: string[]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0
  if (!has('redis-server', ['--version']) || !has('python3', ['-c', 'import celery, redis'])) return null
  const { stdout, status, stderr } = spawnSync('python3', [script, String(jobs)], {
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (status !== 0) throw new Error(`the Celery peer failed: ${stderr.slice(-500)}`)
  const rates = JSON.parse(stdout.trim().split('\n').at(-1)!) as number[]
  return { what: 'celery', unit: 'jobs/s', size: jobs, ...summarise(rates) }
}
