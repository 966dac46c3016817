import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { listHandlers } from '../../engine/client.ts'
import { testEngine } from '../support/engine.ts'
import { startWorker } from '../support/worker.ts'

const tasks = fileURLToPath(new URL('../../tasks', import.meta.url))

/** What each of the bad handlers fails with. */
const expected: { [step: string]: string } = {
  hang: 'Timeout',
  'busy-loop': 'Timeout',
  crash: 'ChildCrashed',
  exit: 'ChildCrashed',
  bigint: 'InvalidOutput',
  circular: 'InvalidOutput',
  huge: 'OutputTooLarge',
  nul: 'InvalidOutput',
  rejection: 'UnhandledRejection',
  'throw-text': 'NonError',
}

test('handlers that do everything wrong fail alone, each with a name, and the worker lives', async t => {
  t.true((await listHandlers(tasks))!.includes('poison/good'))
  const engine = await testEngine({ idle: true, handlersDir: tasks })
  t.teardown(engine.stop)
  await engine.applyYaml(readFileSync(new URL('../../manifests/poison.yaml', import.meta.url), 'utf8'))
  const worker = await startWorker(t, {
    url: engine.url,
    TQ_HANDLERS: tasks,
    TQ_CONCURRENCY: '2',
    TQ_KILL_GRACE: '100ms',
  })
  for (let round = 1; round <= 2; round++) {
    const run = await engine.run('poison')
    t.is(run.state, 'failed')
    const errors = Object.fromEntries(
      run.jobs.filter(job => job.path !== '' && job.state === 'failed').map(job => [job.path, job.error!.name]),
    )
    t.deepEqual(errors, expected)
    for (const [i, path] of ['good-before', 'good-between', 'good-after'].entries())
      t.like(run.job(path), { state: 'succeeded', output: { good: true, input: { n: i + 1 } } })
  }
  const [session] = await engine.sql<{
    pid: number
    sessions: number
  }>`select max(pid) as pid, count(*)::int as sessions from session where ended_at is null`
  t.deepEqual(session, { pid: worker.pid, sessions: 1 })
  worker.signal('SIGTERM')
  t.is(await worker.ended, 0)
})
