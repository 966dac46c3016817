import test from 'ava'
import { testDatabase } from '../support/postgres.ts'
import { printed, project, stop, tq, tqHere } from './support.ts'

const dir = project({
  'manifests/echo.yaml':
    'apiVersion: tq/v1\nkind: Chain\nmetadata: { name: echo }\nspec:\n  inputs: { n: { type: integer } }\n  steps:\n    - { id: echo, task: echo }\n',
  'tasks/echo.ts': 'export default (input: unknown) => input\n',
})

test('tq worker says what it serves, runs what is started, and ends with 0 when it is told to stop', async t => {
  const { url } = await testDatabase()
  const env = { TQ_DATABASE_URL: url }
  t.is((await tq(dir, ['worker'], { env })).exitCode, 69)
  await tqHere(dir, ['db', 'migrate'], env)
  await tqHere(dir, ['apply'], env)
  const worker = tq(dir, ['worker', '-c', '1', '--name', 'one'], { env })
  t.regex(
    await printed(worker, 'Ctrl-C drains'),
    /^tq worker one {2}pid \d+\n {2}pool {6}1 child processes × 1\n {2}broker {4}postgres\n {2}queues {4}all\n {2}handlers {2}1 in /,
  )
  t.deepEqual(JSON.parse((await tqHere(dir, ['run', 'echo', '-i', 'n=3', '--wait'], env)).stdout), { n: 3 })
  t.regex((await tqHere(dir, ['get', 'workers'], env)).stdout, /^one +/m)
  t.is((await stop(worker)).exitCode, 0)
  t.deepEqual(JSON.parse((await tqHere(dir, ['get', 'workers', '-o', 'json'], env)).stdout), [])
})

test('with -o json its log lines are JSON on stderr, and stdout has nothing', async t => {
  const { url } = await testDatabase()
  const env = { TQ_DATABASE_URL: url }
  await tqHere(dir, ['db', 'migrate'], env)
  const worker = tq(dir, ['worker', '-c', '1', '-o', 'json'], { env })
  await printed(worker, '"ready"')
  const { exitCode, stdout, stderr } = await stop(worker)
  t.is(exitCode, 0)
  t.is(stdout, '')
  for (const line of stderr.split('\n')) t.notThrows(() => JSON.parse(line), line)
})
