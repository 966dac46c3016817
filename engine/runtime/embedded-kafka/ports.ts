import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TqError } from '../../model/errors.ts'
import { freePort } from '../embedded/port.ts'

/**
 * A port for clients, as asked for, else the one of the last time where it is free, else any; and one for the controller,
 * which nobody need find again.
 *
 * @throws TqError BROKER_UNREACHABLE when the port asked for is taken
 */
export const choosePorts = async (
  dataDir: string,
  asked: number | undefined,
): Promise<{ port: number; controllerPort: number }> => {
  if (asked !== undefined && !(await freePort(asked)))
    throw new TqError(
      'BROKER_UNREACHABLE',
      `port ${asked} of 127.0.0.1 is taken; choose another, or none to get any that is free`,
    )
  const file = join(dataDir, 'port')
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  const port = asked ?? (last && (await freePort(last))) ?? 0
  const chosen = port || (await anyPort())
  writeFileSync(file, String(chosen))
  return { port: chosen, controllerPort: await anyPort() }
}

/**
 * From below the ports that the system gives to connecting clients: one of them, trying again and again while the broker
 * is down, would some day get the broker's own port, and keep it from coming back.
 */
const anyPort = async (): Promise<number> => {
  for (;;) {
    const port = await freePort(20_000 + Math.floor(Math.random() * 12_000))
    if (port) return port
  }
}
