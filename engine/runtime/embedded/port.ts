import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { unreachable } from './binaries.ts'

/**
 * The port asked for, else the one of the last time where it is free, else any: an address that stays is worth having.
 *
 * @throws TqError DATABASE_UNREACHABLE when the port asked for is taken
 */
export const choosePort = async (dataDir: string, asked: number | undefined): Promise<number> => {
  const file = join(dataDir, 'port')
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  if (asked !== undefined && !(await freePort(asked)))
    throw unreachable(`port ${asked} of 127.0.0.1 is taken; choose another, or none to get any that is free`)
  const port = asked ?? (last && (await freePort(last))) ?? 0
  const chosen = port || (await anyPort())
  writeFileSync(file, String(chosen))
  chmodSync(file, 0o644)
  return chosen
}

/** The port if it is free on 127.0.0.1. */
export const freePort = (port: number): Promise<number | undefined> =>
  new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

/**
 * From below the ports that the system gives to connecting clients: one of them, trying again and again while the server
 * is down, would some day get the server's own port, and keep it from coming back.
 */
export const anyPort = async (): Promise<number> => {
  for (;;) {
    const port = await freePort(20_000 + Math.floor(Math.random() * 12_000))
    if (port) return port
  }
}
