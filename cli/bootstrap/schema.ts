import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate, openDatabase } from '../../engine/client.ts'
import { dumpSchema, startPostgres } from '../../engine/server.ts'

/** Writes `engine/store/schema.sql` from a database that the migrations have made; with `--check` it only compares. */
const file = new URL('../../engine/store/schema.sql', import.meta.url)

const dir = await mkdtemp(join(tmpdir(), 'tq-schema-'))
const postgres = await startPostgres({ dataDir: join(dir, 'pg'), fsync: false })
const database = openDatabase(postgres.url, { max: 1 })
try {
  await migrate(database)
  const text = await dumpSchema(database.sql)
  const before = await readFile(file, 'utf8').catch(() => '')
  if (process.argv.includes('--check')) {
    if (text !== before) {
      console.error('engine/store/schema.sql is not what the migrations make: npm run generate')
      process.exitCode = 1
    }
  } else if (text !== before) await writeFile(file, text)
} finally {
  await database.close()
  await postgres.stop()
  await rm(dir, { recursive: true, force: true })
}
