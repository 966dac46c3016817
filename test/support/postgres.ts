import pg from 'pg'
import { ask } from './keeper.ts'

/**
 * A fresh, empty database on a Postgres that all test processes of this clone share. The first to ask starts it;
 * databases are dropped when the process that asked for them ends, however it ends. `TQ_TEST_POSTGRES`, a URL, is used
 * in its stead.
 */
export const testDatabase = async (): Promise<{ url: string }> => {
  const given = process.env.TQ_TEST_POSTGRES
  return { url: given ? await createOn(given) : await ask('postgres', 'create') }
}

const createOn = async (server: string): Promise<string> => {
  const name = `tq_test_${process.pid}_${Math.random().toString(36).slice(2, 8)}`
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
