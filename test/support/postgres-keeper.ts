import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../../engine/runtime/embedded.ts'
import { keep, sharedDir } from './keeper.ts'

/** Keeps the Postgres of the tests: makes a database when asked, and drops a process's databases when it ends. */
const postgres = await startPostgres({
  dataDir: join(sharedDir, 'postgres'),
  fsync: false,
  settings: { max_connections: '300', shared_buffers: '128MB' },
})
const admin = new pg.Pool({ connectionString: postgres.url, max: 4 })
const { rows } = await admin.query("select datname from pg_database where datname like 'tq_test_%'")
for (const { datname } of rows) await admin.query(`drop database "${datname}" with (force)`)

const names = new Map<object, string[]>()
let made = 0

keep('postgres', {
  async answer(_, client) {
    made += 1
    const name = `tq_test_${process.pid}_${made}`
    names.set(client, [...(names.get(client) ?? []), name])
    await admin.query(`create database ${name}`)
    return postgres.url.replace(/\/tq$/, `/${name}`)
  },
  async leave(client) {
    for (const name of names.get(client) ?? [])
      await admin.query(`drop database if exists ${name} with (force)`).catch(console.error)
    names.delete(client)
  },
  async stop() {
    await admin.end()
    await postgres.stop()
  },
})
