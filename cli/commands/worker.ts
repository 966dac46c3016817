import { type Context, listHandlers, oneOf, openClient, readConfig, readQueues } from '../../engine/client.ts'
import { beat, chores, reaper, relay, timers, worker } from '../../engine/server.ts'
import { urlOf } from '../connect.ts'
import { openLog } from '../logger.ts'
import { rangeOf } from './control.ts'
import type { Action } from '../command.ts'
import { countOf } from './run.ts'

const workerCommand: Action = async (io, options) => {
  const config = await readConfig(
    io.cwd,
    {
      ...(typeof options.queues === 'string' ? { queues: options.queues.split(',') } : {}),
      ...(options.concurrency ? { concurrency: countOf('--concurrency', options.concurrency) } : {}),
      ...(typeof options.autoscale === 'string' ? { autoscale: rangeOf('--autoscale', options.autoscale) } : {}),
      ...(options.slots ? { slots: countOf('--slots', options.slots) } : {}),
      ...(typeof options.name === 'string' ? { workerName: options.name } : {}),
      ...(typeof options.handlers === 'string' ? { handlersDir: options.handlers } : {}),
    },
    io.env,
  )
  const json = options.output === 'json'
  const { log, setLevel } = openLog(io, { json, fields: { worker: config.workerName } })
  const context = await openClient({ ...config, databaseUrl: urlOf(config, io.env), log, connections: 4 })
  await tellUnknownQueues(context, config.queues ?? [])
  const handlers = (await listHandlers(config.handlersDir)) ?? []
  const asked = performance.now()
  io.onSecondSignal(() => process.exit(1)) // what ran is taken up again by others when the lease ends
  // A worker that was told to shut down ends the process like a signal does.
  const stop = new AbortController()
  io.signal.addEventListener('abort', () => stop.abort(), { once: true })
  if (io.signal.aborted) stop.abort()
  await Promise.all([
    worker(
      context,
      {
        ...config,
        name: config.workerName,
        handlers,
        onLogLevel: setLevel,
        onReady({ session }) {
          if (json)
            return log('info', 'ready', {
              session: session(),
              handlers: handlers.length,
              queues: config.queues ?? 'all',
            })
          io.err(`tq worker ${config.workerName}  pid ${process.pid}`)
          const { autoscale: range, concurrency, slots } = config
          io.err(`  pool      ${range ? `${range.min} to ${range.max}` : concurrency} child processes × ${slots}`)
          io.err(`  broker    ${config.kafka ? `kafka at ${config.kafka.brokers.join(', ')}` : 'postgres'}`)
          io.err(`  queues    ${config.queues?.join(', ') ?? 'all'}`)
          io.err(`  handlers  ${handlers.length} in ${config.handlersDir}`)
          io.err(
            `ready in ${Math.round(performance.now() - asked)} ms. Ctrl-C drains (${config.drainMs / 1000}s), twice quits now.`,
          )
        },
      },
      stop.signal,
    ).finally(() => stop.abort()),
    timers(context, stop.signal),
    beat(context, stop.signal),
    chores(context, stop.signal),
    relay(context, stop.signal),
    reaper(context, config, stop.signal),
  ])
  await context.close()
  return 0
}
export default workerCommand

/** A queue may be declared later: it is served from then on. */
const tellUnknownQueues = async ({ sql, namespace, log }: Context, queues: string[]): Promise<void> => {
  const there = (await readQueues(sql, { namespace })).filter(({ id }) => id !== 0).map(({ name }) => name)
  for (const queue of queues.filter(name => !there.includes(name)))
    log('warn', `queue "${queue}" is not declared${oneOf(queue, there)}; it is served once it is`)
}
