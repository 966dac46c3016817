import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import test from 'ava'
import { until } from '../support/engine.ts'
import { onTerminal, terminal } from '../support/terminal.ts'
import { devForAll, project, type Running, tq, tqHere } from './support.ts'

const dir = project({
  'manifests/all.yaml': `
apiVersion: tq/v1
kind: Queue
metadata: { name: gpu }
spec: { concurrency: 10 }
---
apiVersion: tq/v1
kind: Task
metadata: { name: paint }
spec: { handler: say, queue: gpu }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: greet }
spec: { steps: [{ id: say, task: say }] }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: breaks }
spec: { steps: [{ id: broken, task: breaks }] }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: gated }
spec:
  inputs: { gate: { type: string } }
  steps: [{ id: wait, task: waits, with: { gate: "{{ inputs.gate }}" } }]
---
apiVersion: tq/v1
kind: Chain
metadata: { name: painted }
spec: { steps: [{ id: first, task: say }, { id: paint, task: paint, queue: idle }] }
---
apiVersion: tq/v1
kind: Queue
metadata: { name: idle }
spec: { concurrency: 2 }
---
apiVersion: tq/v1
kind: Schedule
metadata: { name: yearly }
spec: { cron: "@yearly", timezone: UTC, workflow: greet }
---
apiVersion: tq/v1
kind: Hook
metadata: { name: push }
spec: { path: /push, verify: none, workflow: greet }
`,
  'tasks/say.ts': 'export default () => 1\n',
  'tasks/breaks.ts': "export default () => { throw new RangeError('out of range') }\n",
  'tasks/waits.ts': `import { existsSync } from 'node:fs'
export default async ({ gate }: { gate: string }) => {
  while (!existsSync(gate)) await new Promise(done => setTimeout(done, 10))
}
`,
})
devForAll(test, dir, { TQ_QUEUES: 'default,gpu' })
const here = (...args: string[]) => tqHere(dir, args)
const names = async (...args: string[]) => (await here('get', ...args, '-o', 'name')).stdout.split('\n').filter(Boolean)

test.before(async () => {
  for (const name of ['greet', 'greet', 'breaks'])
    await until(async () =>
      [0, 3].includes((await tq(dir, ['run', name, '--wait', '--label', `of=${name}`])).exitCode ?? 1),
    )
})

test('runs are chosen by state, workflow, trigger, label and time', async t => {
  const failed = await names('runs', '--state', 'failed')
  t.is(failed.length, 1)
  t.deepEqual(await names('runs', 'breaks'), failed)
  t.deepEqual(await names('runs', '--workflow', 'breaks'), failed)
  t.deepEqual(await names('runs', '--label', 'of=breaks'), failed)
  t.deepEqual(await names('runs', '@failed'), failed)
  t.deepEqual(await names('runs', failed[0]!.slice(-6)), failed)
  t.deepEqual(await names('runs', '--since', '1h', '--trigger', 'cli', '--state', 'failed'), failed)
  t.deepEqual(await names('runs', '--since', '2999-01-01'), [])
  t.regex((await here('get', 'runs', '--since', '2999-01-01')).stderr, /no run is chosen by --since/)
  t.regex((await here('get', 'runs', '--since', 'soon')).stderr, /must be a duration such as 10m/)
})

test('lists are sorted by any of their columns, in every format; what is missing stands last', async t => {
  const columnOf = async (index: number, ...args: string[]) =>
    (await here('get', ...args)).stdout
      .split('\n')
      .slice(1)
      .map(line => line.split(/ {2,}/)[index])
  const byName = await columnOf(0, 'workflows', '--sort', 'name')
  t.deepEqual(byName, byName.toSorted())
  t.deepEqual(await columnOf(0, 'workflows', '--sort', '-NAME'), byName.toReversed())
  t.deepEqual(await names('workflows', '--sort=-name'), byName.toReversed() as string[])
  const json = JSON.parse((await here('get', 'workflows', '--sort', '-name', '-o', 'json')).stdout) as {
    name: string
  }[]
  t.deepEqual(
    json.map(one => one.name),
    byName.toReversed() as string[],
  )
  const runs = JSON.parse((await here('get', 'runs', '--sort', '-took', '-o', 'json')).stdout) as {
    started_at: string
    ended_at: string | null
  }[]
  const spans = runs.map(run => (run.ended_at ? Date.parse(run.ended_at) - Date.parse(run.started_at) : -1))
  t.deepEqual(
    spans,
    spans.toSorted((a, b) => b - a),
  )
  t.is((await columnOf(2, 'runs', '--sort', 'state'))[0]!, '✖ failed')
  const concurrency = await columnOf(5, 'queues', '--sort', 'concurrency')
  t.deepEqual(concurrency, ['2', '10', '—', '—', '—'].slice(0, concurrency.length))
  const unknown = await here('get', 'runs', '--sort', 'strated')
  t.is(unknown.exitCode, 2)
  t.regex(unknown.stderr, /--sort: "strated" is no column of these; did you mean "started"\?/)
  t.regex((await here('get', 'queues', '--sort', 'nonsense')).stderr, /there are name, queued, running, scheduled, /)
})

test('what is not shown is counted', async t => {
  const { stdout, stderr } = await here('get', 'runs', '--workflow', 'greet', '--limit', '1')
  t.is(stdout.split('\n').length, 2)
  t.regex(stderr, /^1 of \d+ runs, the newest\. More: --limit 5/)
})

test('jobs are those of a run, or all that are open', async t => {
  const gate = join(dir, 'gate-jobs')
  const { stdout: id } = await here('run', 'gated', '-i', `gate=${gate}`, '-o', 'name')
  const { stdout: other } = await here('run', 'painted', '-o', 'name')
  const running = await until(async () => {
    const found = await names('jobs', '--state', 'running')
    return found.includes(`${id.slice(-8)}/wait`)
  })
  t.true(running)
  t.deepEqual(
    await until(async () => (await names('jobs', '--queue', 'idle')).length > 0 && names('jobs', '--queue', 'idle')),
    [`${other.slice(-8)}/paint`],
  )
  await until(async () => /no worker serves queue idle: tq worker -Q idle/.test((await here('get', 'queues')).stderr))
  t.deepEqual(await names('jobs', other, '--queue', 'idle'), ['paint'])
  t.deepEqual(await names('jobs', other, '--state', 'succeeded'), ['first'])
  writeFileSync(gate, '')
  await here('cancel', other)
})

test('tasks and workers are chosen by queue, schedules and hooks by workflow', async t => {
  t.deepEqual(await names('tasks', '--queue', 'gpu'), ['paint'])
  t.is((await names('workers', '--queue', 'gpu')).length, 1)
  t.regex((await here('get', 'workers', '--queue', 'idle')).stderr, /no worker serves queue idle/)
  t.deepEqual(await names('schedules', '--workflow', 'greet'), ['yearly'])
  t.deepEqual(await names('hooks', '--workflow', 'greet'), ['push'])
  t.deepEqual(await names('hooks', '--workflow', 'breaks'), [])
  t.deepEqual(await names('queue/gpu'), ['gpu'])
})

test('what is asked in vain is told, with what is near', async t => {
  const cases: [string[], number, RegExp][] = [
    [['queues', 'gpuu'], 6, /did you mean "gpu"/],
    [['hooks', 'puhs'], 6, /did you mean "push"/],
    [['schedules', 'yearyl'], 6, /did you mean "yearly"/],
    [['workers', 'nobody'], 6, /no worker that is up is called "nobody"/],
    [['jobs', '--queue', 'gpuu'], 6, /did you mean "gpu"/],
    [['jobs', '@latest', '--state', 'runing'], 2, /did you mean "running"/],
    [['workflows', '--state', 'failed'], 2, /--state says nothing of workflows/],
    [['runs', '--queue', 'gpu'], 2, /--queue says nothing of runs; they can be chosen by --state, --workflow/],
  ]
  for (const [args, exit, words] of cases) {
    const { exitCode, stderr } = await here('get', ...args)
    t.is(exitCode, exit, args.join(' '))
    t.regex(stderr, words, args.join(' '))
  }
})

test('each list in each format; -o wide says more, -o jsonl a line each, errors too', async t => {
  for (const what of ['runs', 'workflows', 'tasks', 'queues', 'schedules', 'hooks', 'workers', 'jobs']) {
    const json = JSON.parse((await here('get', what, '-o', 'json')).stdout) as object[]
    const lines = (await here('get', what, '-o', 'jsonl')).stdout.split('\n').filter(Boolean)
    t.deepEqual(Object.keys(JSON.parse(lines[0] ?? '{}')), Object.keys(json[0] ?? {}), what)
    const table = (await here('get', what)).stdout.split('\n')[0]!
    t.true((await here('get', what, '-o', 'wide')).stdout.startsWith(table.split('  ')[0]!), what)
  }
  t.regex((await here('get', 'runs', '-o', 'wide')).stdout, /TRIGGER +REVISION +LABELS +ID +AT\n/)
  const { stdout, exitCode } = await here('get', 'runs', '--state', 'odd', '-o', 'jsonl')
  t.is(exitCode, 2)
  t.is((JSON.parse(stdout) as { error: { code: string } }).error.code, 'USAGE')
})

/** What was printed to stdout so far. */
const outOf = (running: Running): (() => string) => {
  let text = ''
  running.stdout.on('data', (chunk: Buffer) => void (text += chunk))
  return () => text
}

test('watched through a pipe, a list is printed once, and then a line for each row that is new or has changed', async t => {
  const gate = join(dir, 'gate-watch')
  const watching = tq(dir, ['get', 'runs', '--workflow', 'gated', '-w'])
  const json = tq(dir, ['get', 'runs', '--workflow', 'gated', '-w', '-o', 'jsonl'])
  const [text, lines] = [outOf(watching), outOf(json)]
  const { stdout: id } = await here('run', 'gated', '-i', `gate=${gate}`, '-o', 'name')
  const short = id.slice(-8)
  await until(() => new RegExp(`${short} .*running`).test(text()) && lines().includes(id))
  writeFileSync(gate, '')
  await until(() => new RegExp(`${short} .*succeeded`).test(text()) && /"succeeded"/.test(lines()))
  for (const running of [watching, json]) running.kill('SIGINT')
  t.is((await watching).exitCode, 130)
  t.is((await json).exitCode, 130)
  t.false(text().includes('\u001b'))
  t.is(text().match(/^RUN /gm)?.length, 1)
  const states = lines()
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as { id: string; state: string })
    .filter(run => run.id === id)
    .map(run => run.state)
  t.deepEqual([...new Set(states)], ['running', 'succeeded'])
})

onTerminal(
  'on a narrow terminal columns are dropped from the right, but the state, and nothing wraps; watched, it is redrawn in place',
  async t => {
    for (const [columns, last] of [
      [100, 'TRIGGER'],
      [60, '(STARTED|TOOK)'],
      [30, 'STATE'],
    ] as const) {
      const { screen } = await terminal(dir, 'get runs --limit 100', { columns }).ended
      t.deepEqual(screen.wraps(), [])
      t.regex(screen.lines()[0]!, new RegExp(`${last}$`), `${columns} columns`)
    }
    const { screen: jobs } = await terminal(dir, `get jobs ${(await names('runs', 'breaks'))[0]}`, { columns: 45 })
      .ended
    t.regex(jobs.lines()[0]!, /^JOB +KIND +STATE +ERROR$/)
    t.regex(jobs.lines().join('\n'), /^broken +task +✖ failed +RangeError: out of …$/m)
    const watching = terminal(dir, 'get queues -w')
    await until(() => watching.text().split('NAME').length > 2)
    watching.type('\u0003')
    const { screen, exitCode } = await watching.ended
    t.is(exitCode, 130)
    t.deepEqual(screen.wraps(), [])
    t.is(screen.lines().filter(line => line.startsWith('NAME')).length, 1)
  },
)
