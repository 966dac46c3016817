import test from 'ava'
import { openConnection, tagged } from '../../engine/store/sql.ts'
import { lockDue } from '../../engine/store/schedule.ts'
import { startRuns } from '../../engine/store/run.ts'
import { fireAt, fireDue } from '../../engine/runtime/schedule/fire.ts'
import { openKnown } from '../../engine/runtime/schedule/known.ts'
import { prepareStart } from '../../engine/runtime/start.ts'
import { startBackfill } from '../../engine/client.ts'
import { runBackfill } from '../../engine/runtime/schedule/backfill.ts'
import { documents, testEngine, until, workflow } from '../support/engine.ts'

/** Races of beats, forced: no beat runs here but those that a test calls. */
const engine = await testEngine({ idle: true })
test.after.always(() => engine.stop())
const { context, sql } = engine

const schedule = (name: string, more = ''): string =>
  `apiVersion: tq/v1\nkind: Schedule\nmetadata: { name: ${name} }\nspec: { every: 1h, workflow: target${more} }\n`
const hour = 3_600_000
const known = openKnown(context.log)
const fire = (limit = 1000) => fireDue(context, known, { limit })
const countOf = async (name: string) =>
  (await sql`select from run where trigger like ${`schedule/${name}`} and fire_time is not null`).length
const isDue = async () => (await sql`select from schedule where next_at <= clock_now()`).length > 0

test.before(async () => {
  await engine.applyYaml(workflow('Chain', 'target', 'steps: [{ task: noop }]'))
})

test.serial('many beats at once fire each schedule once', async t => {
  await engine.applyYaml(documents(...Array.from({ length: 300 }, (_, i) => schedule(`many-${i}`))))
  await engine.clock.advanceMs(hour)
  const beats = Array.from({ length: 4 }, async () => {
    while (await isDue()) await fire(40)
  })
  await Promise.all(beats)
  t.is(await countOf('many-%'), 300)
  const [row] = await sql<{ fired: number }>`select sum(fired)::int as fired from schedule where name like 'many-%'`
  t.is(row!.fired, 300)
})

test.serial('a beat that is killed between starting the run and moving the schedule on has done neither', async t => {
  await engine.applyYaml(schedule('torn'))
  await engine.clock.advanceMs(hour)
  const connection = await openConnection(context.database.url, context.database)
  const inner = tagged(connection)
  await connection.query('begin')
  const due = (await lockDue(inner, { namespace: 'default', limit: 1000, idleMs: 60_000 })).find(
    row => row.name === 'torn',
  )!
  const one = (await known.schedules(inner, [due.plan])).get(due.plan)!
  const target = await prepareStart(context, { name: 'target', kind: 'workflow', trigger: 'test' })
  const made = fireAt(context, one, new Map([['target', target]]), due.slot)
  if (!('run' in made)) return t.fail(made.problem.message)
  t.is((await startRuns(inner, made.target.start, [made.run], { channel: null })).length, 1)
  const [{ pid }] = (await inner<{ pid: number }>`select pg_backend_pid() as pid`) as [{ pid: number }]
  await sql`select pg_terminate_backend(${pid}::int)`
  await until(async () => (await fire()) > 0)
  t.is(await countOf('torn'), 1)
  while (await isDue()) await fire()
  t.is(await countOf('torn'), 1)
})

test.serial('a beat that stands still while it holds schedules is thrown out, and cannot go on', async t => {
  await engine.applyYaml(schedule('held'))
  await engine.clock.advanceMs(hour)
  const connection = await openConnection(context.database.url, context.database)
  await connection.query('begin')
  const held = await lockDue(tagged(connection), { namespace: 'default', limit: 1000, idleMs: 300 })
  t.true(held.some(row => row.name === 'held'))
  t.is(await fire(), 0, 'all is held')
  await until(async () => (await fire()) > 0)
  t.is(await countOf('held'), 1)
  await t.throwsAsync(connection.query('commit'))
})

test.serial('a fire time that a backfill has run before its schedule came to it is not run again', async t => {
  await engine.applyYaml(schedule('raced'))
  await engine.clock.advanceMs(hour)
  const [row] = await sql<{ ms: number }>`select extract(epoch from clock_now())::float8 * 1000 as ms`
  const range = { from: row!.ms - hour, to: null, concurrency: 10 }
  const { id, times } = await startBackfill(context, 'raced', range)
  await runBackfill(context, known, id, AbortSignal.timeout(10_000))
  t.is(await countOf('raced'), times.length)
  while (await isDue()) await fire()
  t.is(await countOf('raced'), times.length)
  const [state] = await sql<{ ahead: boolean }>`select slot > clock_now() as ahead from schedule where name = 'raced'`
  t.true(state!.ahead)
})

test.serial('a schedule that this version cannot read, and a plan that is gone, keep nobody else', async t => {
  await engine.applyYaml(
    documents(
      schedule('strange'),
      workflow('Chain', 'lost', 'steps: [{ task: sleep, with: { ms: 1 } }]'),
      schedule('sound', ', with: {}'),
      schedule('astray').replace('target', 'lost'),
    ),
  )
  await sql`update plan set document = replace(document::text, '"1h"', '"soon"')::json where id = (select plan from schedule where name = 'strange')`
  await sql`update plan set document = '{"nodes":null}'::json where id = (select r.plan from revision r where r.name = 'lost')`
  await engine.clock.advanceMs(hour)
  const silent = { ...context, log: () => {} }
  const fresh = openKnown(silent.log)
  for (let i = 0; i < 3; i++) await fireDue(silent, fresh, { limit: 1000 })
  t.is(await countOf('sound'), 1)
  const problems = await sql<{ name: string; problem: { name: string } }>`
  select name, problem from schedule where name in ('strange', 'astray') order by name`
  t.deepEqual(
    problems.map(({ name, problem }) => `${name} ${problem.name}`),
    ['astray InternalError', 'strange Unreadable'],
  )
  t.false(await isDue(), 'and nobody is busy with it')
})
