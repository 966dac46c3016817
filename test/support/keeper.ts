import { createHash } from 'node:crypto'
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/**
 * Asks the process that keeps a server for all test processes of this clone, `NAME-keeper.ts`: a line there, a line back.
 * The first to ask starts it. The connection is held as long as this process lives, and keeps no process alive: by its
 * end the keeper sees ours.
 */
export const ask = async (name: string, line: string): Promise<string> => {
  const keeper = await findKeeper(name)
  keeper.socket.write(`${line}\n`)
  const answer = (await keeper.lines.next()).value as string | undefined
  keeper.socket.unref()
  if (!answer?.startsWith(done)) throw new Error(`the ${name} of the tests: ${answer ?? `see ${logOf(name)}`}`)
  return answer.slice(done.length)
}

/** Where a keeper and its server have their files. */
export const sharedDir = join(
  tmpdir(),
  `tq-test-${process.getuid?.() ?? ''}-${createHash('sha256')
    .update(import.meta.dirname)
    .digest('hex')
    .slice(0, 8)}`,
)

/**
 * What a keeper does with its server once it runs: answers lines, and ends when it has had no client for 15 seconds. It
 * is for the server to see to it that there is only one, by refusing a second on its folder.
 */
export const keep = (
  name: string,
  server: {
    answer(line: string, client: object): Promise<string>
    leave?(client: object): Promise<void>
    stop(): Promise<void>
  },
): void => {
  const stop = async () => {
    rmSync(controlOf(name), { force: true })
    control.close()
    await server.stop()
    process.exit(0)
  }
  let clients = 0
  let idle = setTimeout(stop, idleMs)
  const control = createServer(client => {
    clients += 1
    clearTimeout(idle)
    client.write(`${greeting(name)}\n`)
    client.on('error', () => {})
    createInterface({ input: client }).on('line', async line => {
      const answer = await server.answer(line, client).then(
        text => `${done}${text}`,
        error => (error as Error).message,
      )
      client.write(`${answer}\n`)
    })
    client.on('close', async () => {
      await server.leave?.(client)
      clients -= 1
      clearTimeout(idle)
      if (clients === 0) idle = setTimeout(stop, idleMs)
    })
  })
  control.listen(0, '127.0.0.1', () => writeFileSync(controlOf(name), String((control.address() as AddressInfo).port)))
}

const idleMs = 15_000
const done = 'done: '
const greeting = (name: string): string => `tq test ${name}`
const controlOf = (name: string): string => join(sharedDir, `${name}-control`)
const logOf = (name: string): string => join(sharedDir, `${name}-keeper.log`)

type Connection = { socket: Socket; lines: AsyncIterator<string> }

const findKeeper = async (name: string): Promise<Connection> => {
  mkdirSync(sharedDir, { recursive: true, mode: 0o711 })
  let startedAt = -Infinity
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await sleep(20)) {
    const keeper = await connectKeeper(name)
    if (keeper) return keeper
    // Another may be starting one, or one may be about to end: then ours ends by itself.
    if (performance.now() - startedAt > 3000) {
      startKeeper(name)
      startedAt = performance.now()
    }
  }
  throw new Error(`no ${name} for tests within 60 s: see ${logOf(name)}`)
}

const connectKeeper = async (name: string): Promise<Connection | undefined> => {
  if (!existsSync(controlOf(name))) return undefined
  const socket = connect(Number(readFileSync(controlOf(name), 'utf8')), '127.0.0.1')
  try {
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    socket.on('error', () => {})
    if ((await lines.next()).value === greeting(name)) return { socket, lines }
  } catch {
    // Nobody listens there any more.
  }
  socket.destroy()
  return undefined
}

const startKeeper = (name: string): void => {
  const log = openSync(logOf(name), 'a')
  const script = fileURLToPath(new URL(`./${name}-keeper.ts`, import.meta.url))
  spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
  }).unref()
  closeSync(log)
}
