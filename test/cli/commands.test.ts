import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { execa } from 'execa'
import { parse } from 'yaml'
import { commands } from '../../cli/commands/index.ts'
import { testDatabase } from '../support/postgres.ts'
import { devForAll, project, root, tq, tqHere } from './support.ts'

const workflows = `
apiVersion: tq/v1
kind: Chain
metadata: { name: greet }
spec:
  inputs: { name: { type: string, minLength: 1 } }
  steps:
    - { id: say, task: say, with: { text: "Hello, {{ inputs.name }}!" } }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: breaks }
spec:
  steps:
    - { id: broken, task: breaks }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: late }
spec:
  deadline: 100ms
  steps:
    - { id: nap, task: nap }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: long }
spec:
  steps:
    - { id: nap, task: nap }
---
apiVersion: tq/v1
kind: Task
metadata: { name: twice }
spec: { handler: say }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: twice }
spec:
  steps:
    - { id: say, task: say, with: { text: twice } }
---
apiVersion: tq/v1
kind: Schedule
metadata: { name: yearly }
spec: { cron: "@yearly", timezone: UTC, workflow: twice }
`
const dir = project({
  'manifests/all.yaml': workflows,
  'tasks/say.ts':
    'export default ({ text }: { text: string }) => { console.log(`said \\u001b[31m${text}`); return { said: text } }\n',
  'tasks/breaks.ts': "export default () => { throw new RangeError('out of \\u001b[5A range\\nsecond line') }\n",
  'tasks/nap.ts':
    "export default (_: unknown, { signal }: { signal: AbortSignal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))\n",
})
const run = (...args: string[]) => tq(dir, args)
const here = (...args: string[]) => tqHere(dir, args)

devForAll(test, dir)
test.before(async () => {
  await run('run', 'greet', '-i', 'name=Ada', '--wait')
})

test('a run that succeeded prints its output and exits with 0', async t => {
  const { exitCode, stdout, stderr } = await run('run', 'greet', '--input', 'name=Ada', '--wait')
  t.is(exitCode, 0)
  t.deepEqual(JSON.parse(stdout), { said: 'Hello, Ada!' })
  t.regex(stderr, /^✓ greet \w{8} succeeded in /)
})

test('a run that failed exits with 3 and says what failed, in one line, and where its logs are', async t => {
  const { exitCode, stdout, stderr } = await run('run', 'breaks', '--wait')
  t.is(exitCode, 3)
  t.is(stdout, '')
  t.regex(
    stderr,
    /^✖ breaks \w{8} failed after .*: broken: RangeError: out of {2}range\n {2}logs: tq logs \w{8}\/broken /,
  )
})

test('a watched run in a pipe prints lines with times and no escape sequence, and exits like the run', async t => {
  const { exitCode, stdout, stderr } = await run('run', 'breaks', '--watch')
  t.is(exitCode, 3)
  t.false(`${stdout}${stderr}`.includes('\u001b'))
  t.regex(stderr, /^\d\d:\d\d:\d\d ✖ broken {2}failed {2}RangeError/m)
})

test('a cancelled run exits with 4', async t => {
  const { stdout: id } = await run('run', 'long', '-o', 'name')
  const waiting = run('wait', id)
  const cancelled = await run('cancel', id.slice(-8), '--reason', 'the wrong month')
  t.is(cancelled.exitCode, 0, cancelled.stderr)
  t.regex(cancelled.stdout, /is being cancelled/)
  const waited = await waiting
  t.is(waited.exitCode, 4)
  t.regex(waited.stderr, /Cancelled: the wrong month/)
  t.regex((await run('cancel', id)).stdout, /had ended before/)
  t.true((await run('get', 'runs', '--trigger', 'cli', '-o', 'name', '--limit', '1000')).stdout.includes(id))
  t.is((await run('get', 'runs', '--trigger', 'schedule/none', '-o', 'name')).stdout, '')
  for (const name of [id, id.slice(-8)]) t.is((await run('get', 'run', name, '-o', 'name')).stdout, id)
  t.regex((await run('describe', 'run', id)).stdout, /Reason: +the wrong month/)
})

test('a run whose deadline passed exits with 5, and so does a --timeout, after which the run goes on', async t => {
  t.is((await run('run', 'late', '--wait')).exitCode, 5)
  const { exitCode, stdout } = await run('run', 'long', '--wait', '--timeout', '50ms', '-o', 'json')
  t.is(exitCode, 5)
  const { error } = JSON.parse(stdout) as { error: { code: string; detail: string } }
  t.is(error.code, 'TIMEOUT')
  const [, id] = /tq w\w+ (\w{8})$/.exec(error.detail)!
  t.is((await run('cancel', id!)).exitCode, 0)
})

test('what is not there exits with 6, and says what is near', async t => {
  const unknown = await run('run', 'gret', '-i', 'name=Ada')
  t.is(unknown.exitCode, 6)
  t.regex(unknown.stderr, /did you mean "greet"\?/)
  for (const args of [
    ['describe', 'workflow', 'gret'],
    ['plan', 'gret'],
    ['get', 'workflows', 'gret'],
  ])
    t.regex((await here(...args)).stderr, /did you mean "greet"\?/, args.join(' '))
  t.regex((await run('run', 'something-else')).stderr, /there are breaks, greet, late, long/)
  t.is((await run('describe', 'run', 'zzzzzzzz')).exitCode, 6)
})

test('history lists revisions, rollback makes an older one the current one, export gives back what was written', async t => {
  const turned = (text: string) =>
    `# ${text}\napiVersion: tq/v1\nkind: Chain\nmetadata: { name: turned }\nspec:\n  steps: [{ task: say, with: { text: ${text} } }]\n`
  for (const text of ['first', 'second']) {
    writeFileSync(join(dir, 'turned.yaml'), turned(text))
    const applied = await run('apply', '-f', 'turned.yaml')
    t.is(applied.exitCode, 0, applied.stderr)
  }
  t.regex((await here('history', 'turned')).stdout, /^REVISION .*\n2 \(current\) .*turned\.yaml\n1 .*turned\.yaml$/)
  t.is(`${(await here('export', 'turned')).stdout}\n`, turned('second'))
  const tried = await here('rollback', 'turned', '--dry-run')
  t.regex(tried.stderr, /workflow\/turned would be as revision 1 had it; nothing was changed/)
  const done = await here('rollback', 'workflow/turned', '--to', '1')
  t.is(done.exitCode, 0)
  t.regex(done.stdout, /~ workflow\/turned +revision 2 → 3\n +spec\.steps\[0\]\.with\.text +second → first/)
  t.is(`${(await here('export', 'turned')).stdout}\n`, turned('first'))
  t.is((await here('rollback', 'turned', '--to', '9')).exitCode, 6)
  const both = await here('history', 'twice')
  t.is(both.exitCode, 2)
  t.regex(both.stderr, /workflow\/twice or task\/twice/)
})

test('an idempotency key gives the first run again, and with another input exits with 7', async t => {
  const first = await run('run', 'greet', '-i', 'name=Ada', '--idempotency-key', 'once', '-o', 'name')
  const again = await run('run', 'greet', '-i', 'name=Ada', '--idempotency-key', 'once', '-o', 'name')
  t.is(again.stdout, first.stdout)
  t.is((await run('run', 'greet', '-i', 'name=Eve', '--idempotency-key', 'once')).exitCode, 7)
})

test('apply --detailed-exitcode exits with 10 where something changed, and applying it again changes nothing', async t => {
  const other = project({ 'manifests/one.yaml': 'apiVersion: tq/v1\nkind: Queue\nmetadata: { name: ten }\nspec: {}\n' })
  const { url } = await testDatabase()
  const env = { TQ_DATABASE_URL: url }
  await tq(other, ['db', 'migrate'], { env })
  t.is((await tq(other, ['apply', '--dry-run', '--detailed-exitcode'], { env })).exitCode, 10)
  t.regex((await tq(other, ['apply', '--detailed-exitcode'], { env })).stdout, /^ {2}\+ queue\/ten/)
  const again = await tq(other, ['apply', '--detailed-exitcode'], { env })
  t.is(again.exitCode, 0)
  t.regex(again.stderr, /0 created, 0 updated, 1 unchanged, 0 deleted/)
})

test('without a database commands exit with 69 and say how to get one; so do those that meet an older schema', async t => {
  const empty = project()
  const none = await tq(empty, ['get', 'runs'])
  t.is(none.exitCode, 69)
  t.regex(none.stderr, /start `tq dev`, or set TQ_DATABASE_URL/)
  t.is(
    (await tq(empty, ['get', 'runs'], { env: { TQ_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' } })).exitCode,
    69,
  )
  const { url } = await testDatabase()
  const old = await tq(empty, ['get', 'runs'], { env: { TQ_DATABASE_URL: url } })
  t.is(old.exitCode, 69)
  t.regex(old.stderr, /run `tq db migrate`/)
})

test('Ctrl-C while watching detaches with 130; the run goes on', async t => {
  const watching = run('run', 'long', '--watch')
  const started = await new Promise<string>(resolve =>
    watching.stderr.once('data', (chunk: Buffer) => resolve(String(chunk))),
  )
  const id = /long (\w{8})/.exec(started)![1]!
  watching.kill('SIGINT')
  const { exitCode, stderr } = await watching
  t.is(exitCode, 130)
  t.regex(stderr, new RegExp(`detached; run ${id} goes on\\. Come back: tq watch ${id}`))
  t.regex((await run('describe', 'run', id)).stdout, /State: {5}▷ running/)
  await run('cancel', id)
})

test('wrong usage exits with 2 and proposes what is near', async t => {
  const cases: [string[], RegExp][] = [
    [['rnu'], /Did you mean run\?/],
    [['get', 'runs', '--statee', 'x'], /Did you mean --state\?/],
    [['get', 'nonsense'], /there are runs, workflows, tasks, queues, schedules, .*workers, jobs/],
    [['get', 'rusn'], /did you mean "run/],
    [['get', 'runs', '--state', 'faild'], /did you mean "failed"/],
    [['get', 'runs', '--limit', 'many'], /write a number from 1/],
    [['run', 'greet'], /input "name" is missing/],
    [['run', 'greet', '-i', 'nam=Ada'], /unknown input "nam"; did you mean "name"\?/],
    [['run', 'greet', '-i', 'name='], /input "name"/],
    [['run', 'greet', '-i', 'name'], /write name=value/],
    [['run', 'greet', '--input-file', 'nowhere.json'], /nowhere\.json/],
    [['run', 'twice'], /workflow\/twice or task\/twice/],
    [['run', 'greet', '--wait', '--timeout', 'soon'], /write one such as 30s or 5m/],
    [['db', 'drop'], /there are migrate, status/],
    [['validate', '-o', 'csv'], /Allowed choices are table, json/],
  ]
  await Promise.all(
    cases.map(async ([args, expected]) => {
      const { exitCode, stdout, stderr } = await here(...args)
      t.is(exitCode, 2, args.join(' '))
      t.is(stdout, '', args.join(' '))
      t.regex(stderr, expected, args.join(' '))
    }),
  )
})

/** Told which run: another test may have started the latest. */
const byId = ['wait', 'watch', 'cancel']
const calls: { [command: string]: string[] } = {
  validate: [],
  explain: ['UNKNOWN_TASK'],
  diff: [],
  apply: [],
  delete: ['--dry-run', 'workflow/breaks'],
  history: ['greet'],
  rollback: ['greet', '--to', '1'],
  run: ['task/twice', '-i', 'text=x'],
  get: ['runs'],
  describe: ['@latest'],
  wait: [],
  watch: [],
  top: [],
  doctor: [],
  logs: ['@latest'],
  why: ['@latest'],
  events: ['@latest'],
  cancel: [],
  plan: ['greet'],
  graph: ['greet'],
  db: ['status'],
  hook: ['rejections'],
  schedule: ['next', 'yearly'],
  inspect: ['ping'],
  control: ['log-level', 'info'],
}

for (const spec of commands.filter(({ options }) => options.some(([flags]) => flags.startsWith('-o,')))) {
  const name = spec.usage.split(' ')[0]!
  if (['worker', 'server', 'beat'].includes(name)) continue // they run until they are told to stop
  test(`tq ${name} answers in JSON, and in each other format, and errors too are JSON`, async t => {
    const { stdout: id } = await here('run', 'greet', '-i', 'name=Ada', '--wait', '-o', 'name')
    const args = [name, ...calls[name]!, ...(byId.includes(name) ? [id] : [])]
    const json = await here(...args, '-o', 'json')
    t.is(json.exitCode, 0, json.stderr)
    for (const line of name === 'logs' ? json.stdout.split('\n').filter(Boolean) : [json.stdout])
      t.notThrows(() => JSON.parse(line), line)
    for (const format of spec.formats ?? ['table', 'json', 'yaml', 'name']) {
      const { exitCode, stdout } = await here(...args, '-o', format)
      t.is(exitCode, 0, format)
      if (format === 'yaml') t.notThrows(() => parse(stdout))
      if (format === 'name') t.false(/[{}]/.test(stdout))
    }
    const unknown = await here(
      name,
      ...calls[name]!,
      ...(byId.includes(name) ? [id] : []),
      '--no-such-flag',
      '-o',
      'json',
    )
    t.is(unknown.exitCode, 2)
    t.is((JSON.parse(unknown.stdout) as { error: { code: string } }).error.code, 'USAGE')
    if (['validate', 'explain', 'doctor'].includes(name)) return // no database is asked, or that there is none is the answer
    const down = await tqHere(dir, [...args, '-o', 'json'], { TQ_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })
    t.is(down.exitCode, 69)
    t.is((JSON.parse(down.stdout) as { error: { code: string } }).error.code, 'DATABASE_UNREACHABLE')
  })

  test(`tq ${name} --help has examples`, async t => {
    const { exitCode, stdout } = await here(name, '--help')
    t.is(exitCode, 0)
    for (const example of spec.examples) t.true(stdout.includes(`$ ${example}`))
  })
}

test('every kind of list can be had, and empty ones say what to do next', async t => {
  for (const what of ['runs', 'workflows', 'tasks', 'queues', 'workers', 'hooks'])
    t.true(Array.isArray(JSON.parse((await here('get', what, '-o', 'json')).stdout)), what)
  t.true(Array.isArray(JSON.parse((await here('get', 'jobs', '@latest', '-o', 'json')).stdout)))
  const { url } = await testDatabase()
  const env = { TQ_DATABASE_URL: url }
  await tqHere(dir, ['db', 'migrate'], env)
  t.regex((await tqHere(dir, ['get', 'runs'], env)).stderr, /no runs yet, and no workflows: tq apply/)
  t.regex((await tqHere(dir, ['get', 'workers'], env)).stderr, /tq worker, or tq dev/)
  await tqHere(dir, ['apply'], env)
  t.regex((await tqHere(dir, ['get', 'runs'], env)).stderr, /no runs yet; start one: tq run breaks --watch/)
})

test('logs are those of a run or of one step, without what would move a cursor', async t => {
  const { stdout: id } = await run('run', 'greet', '-i', 'name=Logs', '--wait', '-o', 'name')
  for (const what of [id, `${id}/say`]) {
    const { stdout } = await run('logs', what)
    t.regex(stdout, /say {2}said Hello, Logs!$/)
    t.false(stdout.includes('\u001b'))
  }
  t.is((await run('logs', `${id}/sya`)).exitCode, 6)
})

test('a bare tq and tq --help print the commands and where to start; tq --help loads nothing of the engine', async t => {
  const bare = await tq(root, [])
  t.is(bare.exitCode, 0)
  t.regex(bare.stdout, /Start here: tq dev/)
  t.regex((await tq(root, ['help', 'exit-codes'])).stdout, /the run failed/)
  const preload = join(root, 'test/cli/prints-what-it-loads.js')
  const { stderr: loaded } = await execa(process.execPath, ['--import', preload, join(root, 'cli/tq.ts'), '--help'])
  t.regex(loaded, /cli\/commands\/index\.ts/)
  t.notRegex(loaded, /engine/)
})
