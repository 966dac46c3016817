import test from 'ava'
import { documents, newJournal, testEngine, until, workflow } from '../support/engine.ts'

/** Schedules by the clock of the database, which these tests move. Each begins where the last has left it. */
const engine = await testEngine({ concurrency: 4 })
test.after.always(() => engine.stop())

const schedule = (name: string, spec: string): string =>
  `apiVersion: tq/v1\nkind: Schedule\nmetadata: { name: ${name} }\nspec: ${spec}\n`
const target = workflow(
  'Chain',
  'target',
  'inputs: { time: {}, more: { default: null } }\nsteps: [{ task: echo, with: "{{ inputs.time }}" }]',
)
const withTime = 'workflow: target, with: { time: "{{ trigger.time }}" }'

type Row = { id: string; fire_time: Date; input: { time: string }; state: string; trigger: string }
const runsOf = (name: string) => engine.sql<Row>`
  select id, fire_time, input, state, trigger from run where trigger = ${`schedule/${name}`} order by fire_time`
const stateOf = async (name: string) => {
  const [row] = await engine.sql<{
    slot: Date | null
    fired: number
    dropped: number
    problem: { name: string; message: string } | null
  }>`select slot, fired, dropped, problem from schedule where name = ${name}`
  return row!
}
/** Moves the clock to the first whole hour after now, and a little more. */
const toNextHour = async (hours = 1) => {
  const [row] = await engine.sql<{ ms: number }>`
  select extract(epoch from date_trunc('hour', clock_now()) + interval '1 hour' - clock_now())::float8 * 1000 as ms`
  await engine.clock.advanceMs(Math.ceil(row!.ms) + (hours - 1) * 3_600_000 + 5)
}
/** Whatever is due has been fired: the fire time lies ahead. */
const settled = (name: string) =>
  until(async () => {
    const [row] = await engine.sql<{ ahead: boolean }>`
    select slot is null or slot > clock_now() as ahead from schedule where name = ${name}`
    return row?.ahead
  })

test.serial('a schedule starts a run at its fire time, with the nominal time as input', async t => {
  await engine.applyYaml(documents(target, schedule('hourly', `{ every: 1h, ${withTime} }`)))
  t.is((await runsOf('hourly')).length, 0)
  await toNextHour()
  await until(async () => (await runsOf('hourly')).length === 1)
  const [run] = await runsOf('hourly')
  t.is(run!.input.time, run!.fire_time.toISOString().replace('.000Z', 'Z'))
  t.is(run!.fire_time.getTime() % 3_600_000, 0)
  t.is((await engine.ended(run!.id)).output, run!.input.time)
})

test.serial('applying it again, also with another input, moves and fires nothing', async t => {
  await engine.applyYaml(schedule('steady', `{ every: 1h, ${withTime} }`))
  await toNextHour()
  await settled('steady')
  const before = await stateOf('steady')
  const changes = await engine.applyYaml(schedule('steady', `{ every: 1h, ${withTime.replace('}"', '}!"')} }`))
  t.is(changes[0]!.action, 'updated')
  t.deepEqual(await stateOf('steady'), before)
  await toNextHour()
  await until(async () => (await runsOf('steady')).length === 2)
  t.regex((await runsOf('steady'))[1]!.input.time, /Z!$/)
})

test.serial('another timing goes on with its own fire times', async t => {
  await engine.applyYaml(schedule('moved', `{ every: 24h, ${withTime} }`))
  await engine.applyYaml(schedule('moved', `{ every: 1h, ${withTime} }`))
  await toNextHour()
  await until(async () => (await runsOf('moved')).length === 1)
  t.pass()
})

test.serial('what was missed: catchUp last runs the latest, each runs all in turn, none runs none', async t => {
  await engine.applyYaml(
    documents(
      schedule('last', `{ every: 1h, ${withTime} }`),
      schedule('each', `{ every: 1h, ${withTime}, catchUp: each }`),
      schedule('none', `{ every: 1h, ${withTime}, catchUp: none }`),
      schedule('bounded', `{ every: 1h, ${withTime}, catchUp: { policy: each, within: 2h, concurrency: 9 } }`),
    ),
  )
  await toNextHour(5)
  await engine.clock.advanceMs(600_000)
  for (const name of ['last', 'each', 'none', 'bounded']) await settled(name)
  const counts = await Promise.all(['last', 'each', 'none', 'bounded'].map(async name => (await runsOf(name)).length))
  t.deepEqual(counts, [1, 5, 0, 2])
  t.like(await stateOf('none'), { fired: 0, dropped: 5, problem: { name: 'Missed' } })
  const all = await runsOf('each')
  t.deepEqual((await runsOf('last'))[0]!.fire_time, all[4]!.fire_time)
  t.is(new Set(all.map(run => run.fire_time.getTime())).size, 5)
  const times = await engine.sql<{ started_at: Date; ended_at: Date }>`
  select started_at, ended_at from run where trigger = 'schedule/each' order by fire_time`
  for (let i = 1; i < 5; i++) t.true(times[i]!.started_at >= times[i - 1]!.ended_at, 'one after the other')
})

test.serial('overlap skip, queue and cancel-running, while a run is open', async t => {
  const journal = newJournal()
  const held = (name: string) =>
    workflow(
      'Chain',
      name,
      `inputs: { gate: {} }\nsteps: [{ task: journal, with: { gate: "{{ inputs.gate }}", journal: "${journal.file}", name: held } }]`,
    )
  const of = (name: string, overlap: string) =>
    schedule(
      name,
      `{ every: 1h, workflow: held-${name}, overlap: ${overlap}, with: { gate: "${journal.gate(name)}" } }`,
    )
  const kinds = { skips: 'skip', queues: 'queue', cancels: 'cancel-running' }
  await engine.applyYaml(
    documents(...Object.entries(kinds).flatMap(([name, overlap]) => [held(`held-${name}`), of(name, overlap)])),
  )
  await toNextHour()
  for (const name of Object.keys(kinds)) await until(async () => (await runsOf(name)).length === 1)
  await toNextHour()
  await until(async () => (await stateOf('skips')).dropped === 1)
  t.is((await stateOf('skips')).problem!.name, 'Skipped')
  await until(async () => (await runsOf('cancels')).length === 2)
  await until(async () => (await runsOf('cancels'))[0]!.state === 'cancelled')
  t.is((await runsOf('queues')).length, 1)
  for (const name of Object.keys(kinds)) journal.open(name)
  await until(async () => (await runsOf('queues')).length === 2)
  t.is((await runsOf('skips')).length, 1)
  await toNextHour()
  await until(async () => (await runsOf('skips')).length === 2)
  t.is((await stateOf('skips')).problem, null)
})

test.serial('a workflow that is gone, and an input that it refuses, are said; the schedule goes on', async t => {
  await engine.applyYaml(
    documents(
      workflow('Chain', 'leaves', 'steps: [{ task: noop }]'),
      workflow('Chain', 'strict', 'inputs: { n: { type: integer, maximum: 3 } }\nsteps: [{ task: noop }]'),
      schedule('orphan', '{ every: 1h, workflow: leaves }'),
      schedule('refused', '{ every: 1h, workflow: strict, with: { n: "{{ len trigger.time }}" } }'),
    ),
  )
  await engine.sql`delete from manifest where kind = 'workflow' and name = 'leaves'`
  await toNextHour()
  await until(async () => (await stateOf('orphan')).problem && (await stateOf('refused')).problem)
  t.like(await stateOf('orphan'), { dropped: 1, fired: 0, problem: { name: 'UnknownWorkflow' } })
  t.like(await stateOf('refused'), { dropped: 1, fired: 0, problem: { name: 'InvalidInput' } })
  await engine.applyYaml(workflow('Chain', 'leaves', 'steps: [{ task: noop }]'))
  await toNextHour()
  await until(async () => (await stateOf('orphan')).fired === 1)
  t.is((await stateOf('orphan')).problem, null)
})

test.serial('a run is later by its jitter, and still has the nominal time', async t => {
  await engine.applyYaml(schedule('shaky', `{ every: 1h, ${withTime}, jitter: 30m }`))
  const place = async () => {
    const [row] = await engine.sql<{ late: number }>`
    select extract(epoch from next_at - slot)::float8 as late from schedule where name = 'shaky'`
    return row!.late
  }
  const late = await place()
  t.true(late >= 0 && late < 1800)
  await toNextHour()
  t.is((await runsOf('shaky')).length, 0, 'not before its jitter')
  await engine.clock.advanceMs(late * 1000)
  await until(async () => (await runsOf('shaky')).length === 1)
  t.is((await runsOf('shaky'))[0]!.fire_time.getTime() % 3_600_000, 0)
})

test.serial('after its end a schedule has no fire time any more', async t => {
  const [row] = await engine.sql<{ now: Date }>`select date_trunc('hour', clock_now()) + interval '90 minutes' as now`
  await engine.applyYaml(schedule('ends', `{ every: 1h, ${withTime}, end: "${row!.now.toISOString()}" }`))
  await toNextHour()
  await until(async () => (await stateOf('ends')).slot === null)
  t.is((await runsOf('ends')).length, 1)
})

test.serial('dates in its input are of its zone', async t => {
  await engine.applyYaml(
    schedule(
      'local',
      `{ cron: "0 * * * *", timezone: Pacific/Kiritimati, workflow: target, with: { time: "{{ date trigger.time 'yyyy-MM-dd HH:mm' }}" } }`,
    ),
  )
  await toNextHour()
  await until(async () => (await runsOf('local')).length === 1)
  const [run] = await runsOf('local')
  const local = new Date(run!.fire_time.getTime() + 14 * 3_600_000).toISOString()
  t.is(run!.input.time, local.slice(0, 16).replace('T', ' '))
})
