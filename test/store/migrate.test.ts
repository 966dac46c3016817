import { readFile } from 'node:fs/promises'
import test from 'ava'
import { dumpSchema } from '../../engine/store/dump.ts'
import { migrate, migrationState } from '../../engine/store/migrate.ts'
import { openDatabase } from '../../engine/store/sql.ts'
import { testDatabase } from '../support/postgres.ts'

const open = async (t: { teardown(end: () => unknown): void }, url: string, schema = 'tq') => {
  const database = openDatabase(url, { max: 1, schema })
  t.teardown(() => database.close())
  return database
}

test('twenty processes migrate at once: each migration is applied once', async t => {
  const { url } = await testDatabase()
  const databases = await Promise.all(Array.from({ length: 20 }, () => open(t, url)))
  const made = await Promise.all(databases.map(migrate))
  const { version, latest, applied } = await migrationState(databases[0]!.sql)
  t.is(version, latest)
  t.is(made.flat().length, applied.length)
  t.deepEqual(await migrate(databases[0]!), [])
})

test('schema.sql is what the migrations make', async t => {
  const database = await open(t, (await testDatabase()).url)
  await migrate(database)
  t.is(
    await dumpSchema(database.sql),
    await readFile(new URL('../../engine/store/schema.sql', import.meta.url), 'utf8'),
    'npm run generate',
  )
})

test('schema.sql makes the same schema', async t => {
  const database = await open(t, (await testDatabase()).url, 'other')
  await database.sql.script('create schema other')
  await database.sql.script(await readFile(new URL('../../engine/store/schema.sql', import.meta.url), 'utf8'))
  t.is(
    await dumpSchema(database.sql),
    await readFile(new URL('../../engine/store/schema.sql', import.meta.url), 'utf8'),
  )
})

test('a migration that was applied with other text is refused', async t => {
  const database = await open(t, (await testDatabase()).url)
  await migrate(database)
  await database.sql`update migration set hash = 'other' where version = 1`
  await t.throwsAsync(migrate(database), { code: 'SCHEMA_OUTDATED' })
})
