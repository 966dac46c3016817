import test from 'ava'
import { testDatabase } from '../support/postgres.ts'
import { printed, project, stop, tq, tqHere } from './support.ts'

const dir = project({
  'manifests/all.yaml': `
apiVersion: tq/v1
kind: Chain
metadata: { name: hello }
spec:
  inputs: { name: { type: string }, age: { type: integer, default: 1 } }
  steps: [{ id: greet, task: greet, with: ["{{ inputs.name }}", "{{ inputs.age }}"] }]
---
apiVersion: tq/v1
kind: Queue
metadata: { name: slow }
spec: {}
`,
  'tasks/greet.ts': 'export default (who: unknown) => who\n',
})

test('a run that nobody works on says so, whoever starts it or waits for it, and how to mend that', async t => {
  const env = { TQ_DATABASE_URL: (await testDatabase()).url }
  await tqHere(dir, ['db', 'migrate'], env)
  t.is((await tqHere(dir, ['apply'], env)).exitCode, 0)
  const alone = /^! greet: no worker is up, so none serves queue default → start one: tq worker, or tq dev$/m
  const started = await tq(dir, ['run', 'hello', '-i', 'name=007'], { env })
  t.regex(started.stderr, alone)
  t.regex(started.stdout, /started; see it/)
  const waiting = tq(dir, ['run', 'hello', '-i', 'name=42', '-i', 'age=42', '--wait'], { env })
  t.regex(await printed(waiting, 'no worker is up'), alone)

  const wrong = tq(dir, ['worker', '-Q', 'solw'], { env })
  t.regex(
    await printed(wrong, 'is not declared'),
    /queue "solw" is not declared; did you mean "slow"\?; it is served once it is/,
  )
  await printed(waiting, 'no worker serves queue default')
  const worker = tq(dir, ['worker'], { env })
  const { stdout, exitCode, stderr } = await waiting
  t.is(exitCode, 0)
  // What is declared as a text is one, whatever it looks like.
  t.deepEqual(JSON.parse(stdout), ['42', 42])
  t.is(stderr.split('no worker is up').length, 2)
  await Promise.all([stop(wrong), stop(worker)])
})
