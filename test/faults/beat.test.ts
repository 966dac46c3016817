import test from 'ava'
import { applySchedules, killBeats, startBeat } from '../../bench/support/beats.ts'
import { type Context, migrate, openClient, openDatabase, startBackfill } from '../../engine/client.ts'
import { until } from '../support/engine.ts'
import { ownPostgres } from '../support/own-postgres.ts'

/** Beats as processes of their own, in short; `npm run bench -- beats` does it for a minute, with 200 schedules. */
const seconds = 8
const schedules = 40
const expected = seconds * schedules

/** A client on a fresh database of a durable Postgres. */
const openFresh = async (t: { teardown(end: () => unknown): void }): Promise<{ url: string; context: Context }> => {
  const url = await (await ownPostgres(t)).database()
  const database = openDatabase(url, { max: 1 })
  await migrate(database)
  await database.close()
  const context = await openClient({ databaseUrl: url, schema: 'tq', namespace: 'default', log: () => {} })
  t.teardown(() => context.close())
  return { url, context }
}

const tormented = test.macro(async (t, torment: { everyMs: number; stopMs?: number }, lateMs: number) => {
  const { url, context } = await openFresh(t)
  const result = await killBeats(context, { url, schema: 'tq', beats: 3, schedules, seconds, ...torment })
  t.log(result)
  t.true(result.kills > 2)
  t.is(result.runs, expected)
  t.is(result.distinct, expected, 'each schedule and fire time once')
  t.true(result.max < lateMs, `${result.max} ms late`)
})

test.serial(
  'beats that are killed one after the other: every fire time has its run, once, late by less than a second',
  tormented,
  { everyMs: 1000 },
  1000,
)

test.serial(
  'beats that are stopped for a while, perhaps in the middle of it: others take over what they held within two seconds',
  tormented,
  { everyMs: 300, stopMs: 1500 },
  2500,
)

test.serial('a backfill whose process is killed goes on in another, from where it was', async t => {
  const { url, context } = await openFresh(t)
  const { sql } = context
  const runs = async () => (await sql`select from run where fire_time is not null`).length
  await applySchedules(context, 1, () => 'every: 1h')
  const first = await startBeat(url, 'tq')
  const { times } = await startBackfill(context, 's-0', { from: Date.now() - 6 * 3_600_000, to: null, concurrency: 2 })
  await until(async () => (await runs()) === 2)
  const second = await startBeat(url, 'tq')
  t.teardown(() => second.kill('SIGKILL'))
  first.kill('SIGKILL')
  await until(async () => {
    await sql`delete from job` // no worker is here: this is the end of the runs that it waits for
    return (await sql`select from backfill where state = 'done'`).length === 1
  })
  t.is(await runs(), times.length)
  t.is((await sql`select distinct fire_time from run`).length, times.length)
})
