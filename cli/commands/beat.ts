import { openClient, readConfig } from '../../engine/client.ts'
import { beat, chores } from '../../engine/server.ts'
import { urlOf } from '../connect.ts'
import { openLog } from '../logger.ts'
import type { Action } from '../command.ts'

const beatCommand: Action = async (io, options) => {
  const config = await readConfig(io.cwd, {}, io.env)
  const json = options.output === 'json'
  const { log } = openLog(io, { json })
  const context = await openClient({ ...config, databaseUrl: urlOf(config, io.env), log, connections: 3 })
  const running = Promise.all([beat(context, io.signal), chores(context, io.signal)])
  if (json) log('info', 'ready')
  else io.err(`tq beat  pid ${process.pid}, namespace ${config.namespace}. Ctrl-C stops.`)
  await running
  await context.close()
  return 0
}
export default beatCommand
