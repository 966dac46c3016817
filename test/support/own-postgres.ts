import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../../engine/runtime/embedded.ts'
import { gone } from './process.ts'

export type OwnPostgres = {
  port: number
  /** A fresh, empty database. */
  database(): Promise<string>
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>
  /** Starts it again, on its data and its port; resolves when it answers. */
  start(): Promise<void>
}

/** A durable Postgres of the test's own, to be killed; gone when the test ends. */
export const ownPostgres = async (t: { teardown(end: () => unknown): void }): Promise<OwnPostgres> => {
  const dir = mkdtempSync(join(tmpdir(), 'tq-postgres-'))
  chmodSync(dir, 0o755)
  const settings = { dataDir: join(dir, 'db') }
  let postgres = await startPostgres(settings)
  t.teardown(async () => {
    await postgres.stop().catch(() => {})
    rmSync(dir, { recursive: true, force: true })
  })
  const port = Number(new URL(postgres.url).port)
  let made = 0
  return {
    port,
    async database() {
      const name = `tq_${++made}`
      const client = new pg.Client({ connectionString: postgres.url })
      await client.connect()
      await client.query(`create database ${name}`)
      await client.end()
      return postgres.url.replace(/\/tq$/, `/${name}`)
    },
    async kill() {
      process.kill(postgres.pid, 'SIGKILL')
      await gone(postgres.pid)
      await postgres.stop().catch(() => {})
    },
    async start() {
      postgres = await startPostgres({ ...settings, port })
    },
  }
}
