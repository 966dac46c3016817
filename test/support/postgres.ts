import { createHash } from 'node:crypto'
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

/**
 * A fresh, empty database on a Postgres that all test processes of this clone share. The first to ask starts it, a
 * server process of its own; databases are dropped when the process that asked for them ends, however it ends, and the
 * server ends when it has had no test process for 15 seconds. `TQ_TEST_POSTGRES`, a URL, is used in its stead.
 */
export const testDatabase = async (): Promise<{ url: string }> => {
  const given = process.env.TQ_TEST_POSTGRES
  if (given) return { url: await createOn(given) }
  const keeper = await findKeeper()
  keeper.socket.write('create\n')
  const answer = (await keeper.lines.next()).value as string
  // Held by the process as long as it lives, and keeping no process alive.
  keeper.socket.unref()
  if (!answer.startsWith('postgres:')) throw new Error(`no test database: ${answer}`)
  return { url: answer }
}

/** Where the shared server's files are. */
export const sharedDir = join(
  tmpdir(),
  `tq-test-${process.getuid?.() ?? ''}-${createHash('sha256')
    .update(import.meta.dirname)
    .digest('hex')
    .slice(0, 8)}`,
)
export const greeting = 'tq test postgres'

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

type Keeper = { socket: Socket; lines: AsyncIterator<string> }

const findKeeper = async (): Promise<Keeper> => {
  mkdirSync(sharedDir, { recursive: true, mode: 0o711 })
  let startedAt = -Infinity
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await sleep(20)) {
    const keeper = await connectKeeper()
    if (keeper) return keeper
    // Another may be starting one, or one may be about to end: then ours ends by itself.
    if (performance.now() - startedAt > 3000) {
      startKeeper()
      startedAt = performance.now()
    }
  }
  throw new Error(`no Postgres for tests within 60 s: see ${join(sharedDir, 'keeper.log')}`)
}

const connectKeeper = async (): Promise<Keeper | undefined> => {
  const file = join(sharedDir, 'control')
  if (!existsSync(file)) return undefined
  const socket = connect(Number(readFileSync(file, 'utf8')), '127.0.0.1')
  try {
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    socket.on('error', () => {})
    if ((await lines.next()).value === greeting) return { socket, lines }
  } catch {
    // Nobody listens there any more.
  }
  socket.destroy()
  return undefined
}

const startKeeper = (): void => {
  const log = openSync(join(sharedDir, 'keeper.log'), 'a')
  const script = fileURLToPath(new URL('./postgres-keeper.ts', import.meta.url))
  spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
  }).unref()
  closeSync(log)
}
