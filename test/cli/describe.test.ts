import test from 'ava'
import { until } from '../support/engine.ts'
import { devForAll, project, tq, tqHere } from './support.ts'

const dir = project({
  'manifests/all.yaml': `
apiVersion: tq/v1
kind: Queue
metadata: { name: gpu }
spec: {}
---
apiVersion: tq/v1
kind: Task
metadata: { name: paint }
spec: { handler: say, queue: gpu }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: breaks }
spec:
  steps:
    - { id: first, task: say }
    - { id: broken, task: breaks, retry: { max: 2, delay: 20ms, backoff: fixed, jitter: none } }
    - { id: after, task: paint }
---
apiVersion: tq/v1
kind: Hook
metadata: { name: push }
spec: { path: /push, verify: { scheme: github, secret: github/push }, workflow: breaks }
`,
  'tasks/say.ts': 'export default () => 1\n',
  'tasks/breaks.ts': "export default () => {\n  throw new RangeError('out of range')\n}\n",
})
devForAll(test, dir)
const here = (...args: string[]) => tqHere(dir, args)
const said = async (...args: string[]): Promise<string> => (await here('describe', ...args)).stdout

test.before(async () => {
  await until(async () => (await tq(dir, ['run', 'breaks', '--wait', '--label', 'team=bi'])).exitCode === 3)
})

test('a run: its facts, its jobs with their tries, where it broke, how often it was tried, and what to do next', async t => {
  const text = await said('run', '@latest')
  t.regex(text, /^Run: +\w{26} {2}\(breaks, revision 1\)$/m)
  t.regex(text, /^State: +✖ failed {3}\S+Z → \S+Z {2}\(\d/m)
  t.regex(text, /^Trigger: +cli$/m)
  t.regex(text, /^Trace: +[0-9a-f]{32}$/m)
  t.regex(text, /^Labels: +team=bi$/m)
  t.regex(text, /^Error: +broken: RangeError: out of range$/m)
  t.regex(text, /^ {2}NAME +KIND +STATE +ATTEMPTS +WAITED +RAN +WORKER +QUEUE$/m)
  t.regex(text, /^ {2}broken +task +✖ failed +3\/3 +\S+.* +\S+ +default$/m)
  t.regex(text, /^ {2}after +task +↷ omitted +— +— +gpu$/m)
  t.regex(text, /^ {2}broken: RangeError: out of range {3}at .*tasks\/breaks\.ts:2:\d+$/m)
  t.regex(text, /^ {4}attempt 2 {2}\d+ ms later failed after \d+ ms: RangeError: out of range {2}\(/m)
  t.regex(text, /^ {4}retries: fixed 20 ms, jitter none$/m)
  t.regex(text, /^Next: +tq logs \w{8}\/broken · tq why \w{8}$/m)
  const { jobs } = JSON.parse((await here('describe', 'run', '@failed', '-o', 'json')).stdout) as {
    jobs: { job: string; queue: string; attempts: object[] }[]
  }
  t.deepEqual(
    jobs.map(({ job, attempts }) => [job, attempts.length]),
    [
      ['', 1],
      ['first', 1],
      ['broken', 3],
      ['after', 1],
    ],
  )
})

test('a queue, a Task, a workflow, a hook and a worker: what has become of them, and what to do next', async t => {
  t.regex(await said('queue', 'gpu'), /^Jobs: +none\nWorkers: +\w+\nNext: +tq get jobs --queue gpu$/m)
  t.regex(
    await said('task', 'paint'),
    /^Handler: +say, in queue gpu\nWorkers: +\w+\nUsed by: +breaks\nNext: +tq get runs paint/m,
  )
  t.regex(
    await said('workflow/breaks'),
    /^Started by: hook\/push\nRuns: +✖ \w{8} failed .* ago\nNext: +tq run breaks --watch/m,
  )
  t.regex(
    await said('hook', 'push'),
    /^Path: +http:.*\/hooks\/push\nSecrets: +github\/push \(not here: export TQ_SECRET_GITHUB__PUSH=…\)\nRejected: +nothing/m,
  )
  const [{ worker }] = JSON.parse((await here('get', 'workers', '-o', 'json')).stdout) as [{ worker: string }]
  t.regex(
    await said('worker', worker),
    /^State: +up for .*\nRunning: +0 in 2 child processes\nQueues: +default,? ?gpu.*\nHandlers: +breaks, say$/m,
  )
  t.regex((await here('describe', 'worker', `${worker}x`)).stderr, new RegExp(`did you mean "${worker}"`))
  for (const what of ['queue/gpu', 'task/paint', 'workflow/breaks', 'hook/push', `worker/${worker}`])
    t.notThrows(async () => JSON.parse((await here('describe', what, '-o', 'json')).stdout), what)
  t.deepEqual(
    (JSON.parse((await here('describe', 'task', 'paint', '-o', 'json')).stdout) as { state: { usedBy: string[] } })
      .state.usedBy,
    ['breaks'],
  )
})
