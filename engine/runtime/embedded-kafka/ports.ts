import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TqError } from '../../model/errors.ts'
import { anyPort, freePort } from '../embedded/port.ts'

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
