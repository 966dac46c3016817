import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import pg from 'pg'
import { startPostgres } from '../../engine/runtime/embedded.ts'
import { gone } from '../support/process.ts'
import { testDatabase } from '../support/postgres.ts'

const folder = (t: ExecutionContext): string => {
  const dir = mkdtempSync(join(tmpdir(), 'tq-embedded-'))
  chmodSync(dir, 0o755)
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const query = async (url: string, text: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query({ text, rowMode: 'array' })).rows
  } finally {
    await client.end()
  }
}

test('a server starts on a new folder, keeps its data, and starts again at the same address', async t => {
  const dataDir = join(folder(t), 'db')
  const first = await startPostgres({ dataDir, fsync: false })
  await query(first.url, 'create table kept as select 42 as answer')
  t.regex(first.url, /^postgres:\/\/tq:[\w-]{24}@127\.0\.0\.1:\d+\/tq$/)
  await first.stop()

  const second = await startPostgres({ dataDir, fsync: false, settings: { work_mem: '7MB' } })
  t.teardown(second.stop)
  t.is(second.url, first.url)
  t.deepEqual(await query(second.url, 'select answer from kept'), [[42]])
  t.deepEqual(await query(second.url, 'show work_mem'), [['7MB']])
})

test('only the password opens it', async t => {
  const server = await startPostgres({ dataDir: join(folder(t), 'db'), fsync: false })
  t.teardown(server.stop)
  await t.throwsAsync(query(server.url.replace(/:[\w-]{24}@/, ':guess@'), 'select 1'), { code: '28P01' })
})

test('a second start on the folder says who has it', async t => {
  const dataDir = join(folder(t), 'db')
  const server = await startPostgres({ dataDir, fsync: false })
  t.teardown(server.stop)
  await t.throwsAsync(startPostgres({ dataDir, fsync: false }), {
    message: new RegExp(`process ${process.pid} has already started Postgres on`),
  })
})

test('a start after a kill ends the server left behind and recovers', async t => {
  const dataDir = join(folder(t), 'db')
  const script = fileURLToPath(new URL('./starts-and-waits.ts', import.meta.url))
  const killed = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: killed.stdout })[Symbol.asyncIterator]()
  const left = JSON.parse((await lines.next()).value ?? '') as { url: string; pid: number }
  await query(left.url, 'create table kept as select 42 as answer')
  killed.kill('SIGKILL')
  await new Promise(resolve => killed.once('close', resolve))

  const server = await startPostgres({ dataDir, fsync: false })
  t.teardown(server.stop)
  t.not(server.pid, left.pid)
  await gone(left.pid)
  t.deepEqual(await query(server.url, 'select answer from kept'), [[42]])
})

test('a server ends with the process that started it', async t => {
  const dataDir = join(folder(t), 'db')
  const script = fileURLToPath(new URL('./starts-and-waits.ts', import.meta.url))
  const ending = spawn(process.execPath, [script, dataDir, 'exit'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: ending.stdout })[Symbol.asyncIterator]()
  const { pid } = JSON.parse((await lines.next()).value ?? '') as { pid: number }
  await new Promise(resolve => ending.once('close', resolve))
  await gone(pid)
  t.pass()
})

test('a folder that nobody can reach is replaced, with a notice, when we are root', async t => {
  const hidden = join(folder(t), 'hidden')
  mkdirSync(hidden, { mode: 0o700 })
  const server = await startPostgres({ dataDir: join(hidden, 'db'), fsync: false })
  t.teardown(async () => {
    await server.stop()
    rmSync(server.dataDir, { recursive: true, force: true })
  })
  if (process.getuid?.() !== 0) return t.deepEqual(server.notices, [])
  t.regex(server.notices[0]!, new RegExp(`cannot reach ${hidden}/db: its data is in ${server.dataDir}`))
})

test('what Postgres says when it cannot start is in the error', async t => {
  const dataDir = join(folder(t), 'db')
  await t.throwsAsync(startPostgres({ dataDir, settings: { no_such_setting: '1' } }), {
    message: /Postgres did not start:\n.*no_such_setting/s,
  })
  t.is(readFileSync(join(dataDir, 'port'), 'utf8').length > 3, true)
})

test('every test database is fresh', async t => {
  const [a, b] = await Promise.all([testDatabase(), testDatabase()])
  t.not(a.url, b.url)
  await query(a.url, 'create table mine (id int)')
  t.deepEqual(await query(b.url, "select 1 from pg_tables where tablename = 'mine'"), [])
})
