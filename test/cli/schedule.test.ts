import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { until } from '../support/engine.ts'
import { copy, devForAll, project, tqHere } from './support.ts'

const nightly = `apiVersion: tq/v1
kind: Chain
metadata: { name: report }
spec:
  inputs: { day: { type: string, format: date } }
  steps: [{ task: echo, with: "{{ inputs.day }}" }]
---
apiVersion: tq/v1
kind: Schedule
metadata: { name: nightly }
spec:
  cron: "30 1 * * *"
  timezone: Europe/Lisbon
  workflow: report
  with: { day: "{{ date trigger.time 'yyyy-MM-dd' }}" }
`
const dir = project({
  'manifests/nightly.yaml': nightly,
  'tasks/echo.ts': 'export default (input: unknown) => input\n',
  'manifests/slow.yaml': `apiVersion: tq/v1
kind: Chain
metadata: { name: slow }
spec: { steps: [{ task: waits }] }
---
apiVersion: tq/v1
kind: Schedule
metadata: { name: slowly }
spec: { cron: "0 0 * * *", timezone: UTC, workflow: slow }
`,
  'tasks/waits.ts': `import { existsSync } from 'node:fs'
export default async () => {
  while (!existsSync('gate')) await new Promise(done => setTimeout(done, 10))
}
`,
  'tasks/log.ts': 'export default () => null\n',
})
copy(dir, 'manifests/heartbeat.yaml')
const here = (...args: string[]) => tqHere(dir, args)
devForAll(test, dir)

test('tq schedule next: the first after a gap, and after it', async t => {
  const found = await here('schedule', 'next', 'nightly', '--from', '2027-03-27T12:00Z', '--count', '2', '-o', 'json')
  t.deepEqual(JSON.parse(found.stdout), {
    timezone: 'Europe/Lisbon',
    times: ['2027-03-28T01:30:00Z', '2027-03-29T00:30:00Z'],
  })
  const typed = await here(
    'schedule',
    'next',
    '--cron',
    '30 1 * * *',
    '--timezone',
    'Europe/Lisbon',
    '--from',
    '2027-03-27T12:00Z',
  )
  t.regex(typed.stdout, /^2027-03-28T01:30:00Z {2}Sun 2027-03-28 02:30:00 Europe\/Lisbon\n/)
})

test('the sample fires every few seconds, and shows in the lists', async t => {
  await until(async () =>
    /heartbeat .*succeeded.* schedule\/every-few-seconds/.test((await here('get', 'runs')).stdout),
  )
  const { stdout } = await here('get', 'schedules', '-o', 'json')
  const [sample] = JSON.parse(stdout) as {
    name: string
    workflow: string
    fired: number
    slot: string
    last_slot: string
  }[]
  t.like(sample, { name: 'every-few-seconds', workflow: 'heartbeat' })
  t.true(sample!.fired > 0 && sample!.slot > sample!.last_slot)
  t.regex(
    (await here('describe', 'schedule/every-few-seconds')).stdout,
    /Next: .*Z\nLast: .*Z, run \w{8} succeeded\nFired: +\d+, without a run 0\n/,
  )
})

test('a schedule is paused, resumed and triggered, and @latest is what people have started', async t => {
  t.is((await here('schedule', 'pause', 'nightly')).exitCode, 0)
  t.regex((await here('get', 'schedules', 'nightly')).stdout, /nightly .* paused/)
  t.regex((await here('schedule', 'resume', 'nightly')).stdout, /nightly is resumed; next at .*Europe\/Lisbon/)
  const { stdout: id } = await here('schedule', 'trigger', 'nightly', '-o', 'name')
  t.is((await here('wait', id)).exitCode, 0)
  const { stdout: run } = await here('run', 'heartbeat', '-i', 'due=2027-01-01T00:00:00Z', '--wait', '-o', 'json')
  const { stdout: latest } = await here('describe', 'run', '@latest', '-o', 'json')
  t.is(JSON.parse(latest).id, JSON.parse(run).id)
})

test('tq schedule backfill runs the past, once; --dry-run says what it would', async t => {
  const range = ['nightly', '--from', '2026-01-01T00:00Z', '--to', '2026-01-06T00:00Z']
  const { stdout: dry } = await here('schedule', 'backfill', ...range, '--dry-run')
  t.is(
    dry,
    [
      ...[1, 2, 3, 4, 5].map(day => `2026-01-0${day}T01:30:00Z`),
      '5 fire times, of which 0 have their run, 2026-01-01T01:30:00Z to 2026-01-05T01:30:00Z. Nothing was started.',
    ].join('\n'),
  )
  t.is((await here('schedule', 'backfill', ...range)).exitCode, 0)
  await until(async () =>
    /Backfill: +done; .*: 5 started, 0 were there/.test((await here('describe', 'schedule', 'nightly')).stdout),
  )
  t.regex((await here('schedule', 'backfill', ...range, '--dry-run')).stdout, /5 fire times, of which 5 have their run/)
})

test('a schedule that is deleted takes its backfill with it; what that has started goes on', async t => {
  const range = ['--from', '2026-01-01T00:00Z', '--to', '2026-01-04T00:00Z']
  t.is((await here('schedule', 'backfill', 'slowly', ...range)).exitCode, 0)
  const states = async () =>
    (JSON.parse((await here('get', 'runs', '--workflow', 'slow', '-o', 'json')).stdout) as { state: string }[]).map(
      run => run.state,
    )
  await until(async () => (await states()).includes('running'))
  const ends = / {6}its backfill of 2026-01-01T00:00:00Z to 2026-01-04T00:00:00Z ends; runs that it has started go on$/m
  const dry = await here('delete', 'schedule/slowly', '--dry-run')
  t.regex(dry.stdout, ends)
  t.regex((await here('describe', 'schedule', 'slowly')).stdout, /Backfill: +running/)
  const deleted = await here('delete', 'schedule/slowly')
  t.regex(deleted.stdout, ends)
  t.is((await here('apply', '-f', 'manifests/slow.yaml')).exitCode, 0)
  t.regex((await here('describe', 'schedule', 'slowly')).stdout, /Backfill: +cancelled; .*: 1 started, 0 were there/)
  t.deepEqual(await states(), ['running'])
  writeFileSync(join(dir, 'gate'), '')
  await until(async () => (await states()).every(state => state === 'succeeded'))
  t.is((await states()).length, 1)
})

test('what is wrong with the words of tq schedule is said', async t => {
  const cases: [string[], number, RegExp][] = [
    [['nxt', 'nightly'], 2, /did you mean "next"/],
    [['next'], 2, /say which schedule/],
    [['next', 'nightli'], 6, /did you mean "nightly"/],
    [['next', 'nightly', '--from', 'soon'], 2, /write a moment such as/],
    [['next', '--cron', '30 1 * *', '--timezone', 'UTC'], 2, /five fields/],
    [['next', '--cron', '30 1 * * *'], 2, /needs --timezone/],
    [['next', '--cron', '30 1 * * *', '--timezone', 'Mars'], 2, /no time zone "Mars"/],
    [['backfill', 'nightly'], 2, /say from when on/],
    [['backfill', 'nightly', '--from', '2126-01-01T00:00Z'], 2, /is not before/],
    [['backfill', 'nightly', '--from', '2026-01-01T00:00Z', '--to', '2126-01-01T00:00Z'], 2, /is to come/],
  ]
  for (const [args, code, expected] of cases) {
    const { exitCode, stderr } = await here('schedule', ...args)
    t.is(exitCode, code, args.join(' '))
    t.regex(stderr, expected)
  }
})
