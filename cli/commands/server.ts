import { openClient, port, readConfig } from '../../engine/client.ts'
import { http } from '../../engine/server.ts'
import { urlOf } from '../connect.ts'
import { openLog } from '../logger.ts'
import type { Action } from '../command.ts'

const server: Action = async (io, options) => {
  const given = port(typeof options.port === 'string' ? options.port : undefined, '--port')
  const config = await readConfig(
    io.cwd,
    {
      ...(given === undefined ? {} : { port: given }),
      ...(typeof options.host === 'string' ? { host: options.host } : {}),
    },
    io.env,
  )
  const json = options.output === 'json'
  const { log } = openLog(io, { json })
  const context = await openClient({ ...config, databaseUrl: urlOf(config, io.env), log, connections: 6 })
  io.onSecondSignal(() => process.exit(1)) // who was not answered sends again
  try {
    await http(
      context,
      {
        ...config,
        onReady({ url, port }) {
          if (json) return log('info', 'ready', { url, port })
          io.err(`tq server  pid ${process.pid}`)
          io.err(`  hooks    ${url}/hooks/…`)
          io.err(`  health   ${url}/livez and ${url}/readyz?verbose`)
          io.err(`  metrics  ${url}/metrics`)
          io.err('ready. Ctrl-C answers what was accepted, twice quits now.')
        },
      },
      io.signal,
    )
  } finally {
    await context.close()
  }
  return 0
}
export default server
