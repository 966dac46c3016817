import test from 'ava'
import { until } from '../support/engine.ts'
import { devForAll, printed, project, tq, tqHere } from './support.ts'

const dir = project({
  'manifests/all.yaml': `
apiVersion: tq/v1
kind: Chain
metadata: { name: flaky }
spec:
  steps: [{ id: fetch, task: breaks, retry: { max: 3, delay: 4m, jitter: none } }]
---
apiVersion: tq/v1
kind: Chain
metadata: { name: many }
spec:
  steps: [{ id: each, forEach: { in: [1, 2, 3] }, task: breaks, retry: { max: 3, delay: 4m, jitter: none } }]
`,
  'tasks/breaks.ts': "export default () => { throw new RangeError('out of range\\nsecond line') }\n",
})
devForAll(test, dir)

test.serial(
  'a job that will be tried again says what it failed of, and when that will be: watched through a pipe and in lists',
  async t => {
    const watching = tq(dir, ['run', 'flaky', '--watch'])
    const said = await printed(watching, 'RangeError')
    t.regex(said, /↻ fetch {2}scheduled {2}again in (4m0|3m\d+)s {2}RangeError: out of range$/m)
    watching.kill('SIGINT')
    t.is((await watching).exitCode, 130)
    const again = tq(dir, ['watch', '@latest'])
    t.regex(await printed(again, 'RangeError'), /RangeError: out of range$/m)
    again.kill('SIGINT')
    await again
    const ofRun = await tqHere(dir, ['get', 'jobs', '@latest'])
    t.regex(ofRun.stdout, /^fetch +task +↻ scheduled +1 +in (4m0|3m\d+)s .*RangeError: out of range$/m)
    const open = await tqHere(dir, ['get', 'jobs', '--state', 'scheduled'])
    t.regex(open.stdout, /fetch +↻ scheduled +default +in (4m0|3m\d+)s +RangeError: out of range$/m)
    const jobs = JSON.parse((await tqHere(dir, ['get', 'jobs', '@latest', '-o', 'json'])).stdout) as {
      job: string
      error: { name: string } | null
    }[]
    t.is(jobs.find(one => one.job === 'fetch')?.error?.name, 'RangeError')
  },
)

test.serial(
  'of items that will be tried again it is said how many there are, and what one failed of, once',
  async t => {
    const watching = tq(dir, ['run', 'many', '--watch'])
    await printed(watching, 'RangeError')
    await until(async () => {
      const { stdout } = await tqHere(dir, ['get', 'jobs', '--state', 'scheduled', '-o', 'name'])
      return stdout.match(/each\[/g)?.length === 3
    })
    watching.kill('SIGINT')
    const { stderr } = await watching
    t.regex(stderr, /▷ each {2}.*[123]↻ .*of 3 {2}RangeError: out of range$/m)
    t.is(stderr.split('RangeError').length, 2, stderr)
  },
)
