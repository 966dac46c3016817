import test from 'ava'
import {
  cancelBackfill,
  pauseSchedule,
  planBackfill,
  resumeSchedule,
  startBackfill,
  triggerSchedule,
} from '../../engine/client.ts'
import { listBackfills } from '../../engine/store/backfill.ts'
import { applyText, documents, newJournal, testEngine, until, workflow } from '../support/engine.ts'

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
const toNextHour = async (hours = 1, afterMs = 5) => {
  const [row] = await engine.sql<{ ms: number }>`
  select extract(epoch from date_trunc('hour', clock_now()) + interval '1 hour' - clock_now())::float8 * 1000 as ms`
  await engine.clock.advanceMs(Math.ceil(row!.ms) + (hours - 1) * 3_600_000 + afterMs)
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
  await toNextHour(5, 600_000) // at once: between two steps a beat might fire the last in time
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

test.serial('a minute without any beat costs no fire time, also of a schedule that fires every second', async t => {
  await engine.applyYaml(schedule('frequent', `{ every: 1s, ${withTime} }`))
  await until(async () => (await runsOf('frequent')).length > 0)
  await engine.clock.advanceMs(60_000) // what stands still for a minute sees it pass at once
  await settled('frequent')
  await pauseSchedule(engine.context, 'frequent')
  const times = (await runsOf('frequent')).map(run => run.fire_time.getTime())
  t.true(times.length > 60, `${times.length}`)
  for (const [i, time] of times.entries()) if (i > 0) t.is(time - times[i - 1]!, 1000)
  t.is((await stateOf('frequent')).dropped, 0)
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

test.serial(
  'a paused schedule fires nothing; resumed it goes on from then, and does not make up for its pause',
  async t => {
    await engine.applyYaml(schedule('rests', `{ every: 1h, ${withTime} }`))
    await pauseSchedule(engine.context, 'rests')
    await engine.applyYaml(schedule('wakes', `{ every: 1h, ${withTime} }`))
    await toNextHour(3)
    await settled('wakes')
    t.is((await runsOf('rests')).length, 0)
    const next = await resumeSchedule(engine.context, 'rests')
    await toNextHour()
    await until(async () => (await runsOf('rests')).length === 1)
    t.is((await runsOf('rests'))[0]!.fire_time.getTime(), next!)
  },
)

test.serial('triggered by hand it runs now, beside its fire times', async t => {
  await engine.applyYaml(schedule('asked', `{ every: 1h, ${withTime} }`))
  const before = await stateOf('asked')
  const run = await engine.ended(await triggerSchedule(engine.context, 'asked'))
  t.is(run.state, 'succeeded')
  t.deepEqual(await stateOf('asked'), before)
})

const clock = async () => {
  const [row] = await engine.sql<{ ms: number }>`select extract(epoch from clock_now())::float8 * 1000 as ms`
  return row!.ms
}
const backfillOf = async (name: string) =>
  (await listBackfills(engine.sql, { namespace: 'default', schedule: name, limit: 1 }))[0]!

test.serial('a backfill runs each fire time of the past that has no run, so many at a time, and no other', async t => {
  await engine.applyYaml(schedule('behind', `{ every: 1h, ${withTime} }`))
  await toNextHour()
  await until(async () => (await runsOf('behind')).length === 1)
  const now = await clock()
  const from = now - 20 * 3_600_000
  t.like(await planBackfill(engine.context, 'behind', { from, to: null }), { present: 1 })
  const { times } = await startBackfill(engine.context, 'behind', { from, to: null, concurrency: 3 })
  await until(async () => (await backfillOf('behind')).state === 'done')
  t.like(await backfillOf('behind'), { fired: times.length - 1, present: 1, problem: null })
  const runs = await runsOf('behind')
  t.deepEqual(
    runs.map(run => run.fire_time.getTime()),
    times,
  )
  t.deepEqual(
    runs.map(run => Date.parse(run.input.time)),
    times,
  )
  const [peak] = await engine.sql<{ most: number }>`
  select max(at_once)::int as most from (
    select (select count(*) from run o where o.trigger = r.trigger and o.started_at <= r.started_at and coalesce(o.ended_at, 'infinity') > r.started_at) as at_once
    from run r where trigger = 'schedule/behind' and fire_time < to_timestamp(${now - 3_600_000} / 1000.0)) o`
  t.true(peak!.most <= 3, `${peak!.most} at once`)
  await startBackfill(engine.context, 'behind', { from, to: null, concurrency: 3 })
  await until(async () => (await backfillOf('behind')).state === 'done')
  t.is((await runsOf('behind')).length, times.length)
})

test.serial('a backfill that is cancelled starts nothing more', async t => {
  const journal = newJournal()
  await engine.applyYaml(
    documents(
      workflow(
        'Chain',
        'slow',
        `steps: [{ task: journal, with: { journal: "${journal.file}", name: slow, gate: "${journal.gate('go')}" } }]`,
      ),
      schedule('stops', '{ every: 1h, workflow: slow }'),
    ),
  )
  await startBackfill(engine.context, 'stops', { from: (await clock()) - 10 * 3_600_000, to: null, concurrency: 2 })
  await until(async () => (await runsOf('stops')).length === 2)
  t.is(await cancelBackfill(engine.context, 'stops'), 1)
  journal.open('go')
  for (const { id } of await runsOf('stops')) await engine.ended(id)
  t.is((await runsOf('stops')).length, 2)
  t.is((await backfillOf('stops')).state, 'cancelled')
})

/** Applies a text as all there is from one place. */
const applyAll = (origin: string, text: string) =>
  applyText(engine.context, text, { origin, handlers: ['noop'], remove: 'missing' })

test.serial(
  'a workflow that a schedule starts is not pruned; with the schedule it is, and no fire time is left',
  async t => {
    const chain = workflow('Chain', 'pruned', 'steps: [{ task: noop }]')
    const hourly = schedule('prunes', '{ every: 1h, workflow: pruned }')
    await applyAll('here', documents(chain, hourly))
    await t.throwsAsync(applyAll('here', hourly), {
      message: /UNKNOWN_WORKFLOW workflow "pruned" is not defined; it is applied, and about to be deleted/,
    })
    const elsewhere = schedule('elsewhere', '{ every: 1h, workflow: pruned }')
    await applyAll('there', elsewhere)
    await t.throwsAsync(applyAll('here', workflow('Chain', 'other', 'steps: [{ task: noop }]')), {
      message: /schedule\/elsewhere starts workflow\/pruned, which is about to be deleted/,
    })
    await applyAll('there', '')
    await applyAll('here', workflow('Chain', 'other', 'steps: [{ task: noop }]'))
    t.is((await engine.sql`select from schedule where name = 'prunes'`).length, 0)
  },
)
