import { rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { startPostgres } from '../../engine/runtime/embedded.ts'
import { greeting, sharedDir } from './postgres.ts'

/**
 * The process that keeps the Postgres of the tests: it makes a database for each line it gets, drops a connection's
 * databases when that closes, and ends when it has had no connection for 15 seconds. A second one ends at once, because
 * the first has the cluster.
 */
const keep = async (): Promise<void> => {
  const postgres = await startPostgres({
    dataDir: join(sharedDir, 'postgres'),
    fsync: false,
    settings: { max_connections: '300', shared_buffers: '128MB' },
  })
  const admin = new pg.Pool({ connectionString: postgres.url, max: 4 })
  const { rows } = await admin.query("select datname from pg_database where datname like 'tq_test_%'")
  for (const { datname } of rows) await admin.query(`drop database "${datname}" with (force)`)

  let made = 0
  let clients = 0
  const control = join(sharedDir, 'control')
  const stop = async () => {
    rmSync(control, { force: true })
    server.close()
    await admin.end()
    await postgres.stop()
    process.exit(0)
  }
  let idle = setTimeout(stop, idleMs)
  const server = createServer(socket => {
    clients += 1
    clearTimeout(idle)
    const names: string[] = []
    socket.write(`${greeting}\n`)
    socket.on('error', () => {})
    createInterface({ input: socket }).on('line', async () => {
      made += 1
      const name = `tq_test_${process.pid}_${made}`
      names.push(name)
      try {
        await admin.query(`create database ${name}`)
        socket.write(`${postgres.url.replace(/\/tq$/, `/${name}`)}\n`)
      } catch (error) {
        socket.write(`${(error as Error).message}\n`)
      }
    })
    socket.on('close', async () => {
      for (const name of names) await admin.query(`drop database if exists ${name} with (force)`).catch(console.error)
      clients -= 1
      clearTimeout(idle)
      if (clients === 0) idle = setTimeout(stop, idleMs)
    })
  })
  server.listen(0, '127.0.0.1', () => writeFileSync(control, String((server.address() as AddressInfo).port)))
}

const idleMs = 15_000

await keep()
