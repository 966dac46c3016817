import test from 'ava'
import { killBeats } from '../../bench/support/beats.ts'
import { migrate, openClient, openDatabase } from '../../engine/client.ts'
import { ownPostgres } from '../support/own-postgres.ts'

/** Beats as processes of their own, in short; `npm run bench -- beats` does it for a minute, with 200 schedules. */
const seconds = 8
const schedules = 40
const expected = seconds * schedules

const tormented = test.macro(async (t, torment: { everyMs: number; stopMs?: number }, lateMs: number) => {
  const url = await (await ownPostgres(t)).database()
  const database = openDatabase(url, { max: 1 })
  await migrate(database)
  await database.close()
  const context = await openClient({ databaseUrl: url, schema: 'tq', namespace: 'default', log: () => {} })
  t.teardown(() => context.close())
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
