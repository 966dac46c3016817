import { type Context, didYouMean, listSessions, TqError } from '../../engine/reader.ts'
import type { Options } from '../command.ts'
import type { Io } from '../io.ts'
import { span } from '../output.ts'
import { printResult } from '../watching.ts'
import { line } from './line.ts'

/** A worker that is up, as its session says. */
export const describeWorker = async (io: Io, context: Context, options: Options, name: string): Promise<number> => {
  const all = await listSessions(context.sql, { namespace: context.namespace })
  const found = all.find(one => one.worker === name)
  const names = all.map(one => one.worker)
  if (!found)
    throw new TqError(
      'NOT_FOUND',
      `no worker that is up is called "${name}"${didYouMean(name, names) || (names.length > 0 ? `; there are ${names.join(', ')}` : '; none is up')}`,
    )
  if (options.output !== undefined && options.output !== 'table') {
    printResult(io, options.output, found, name, null)
    return 0
  }
  const up = span(Date.now() - found.started_at.getTime())
  io.out(line('Worker', `${name}  (pid ${found.pid} on ${found.host})`))
  io.out(
    line(
      'State',
      `${found.draining ? 'draining' : 'up'} for ${up}; its lease ends ${found.lease_ends_at.toISOString()}`,
    ),
  )
  io.out(line('Running', `${found.running} in ${found.concurrency} child processes`))
  io.out(line('Queues', found.queues.filter(queue => queue !== 'tq').join(', ')))
  io.out(line('Handlers', found.handlers.join(', ') || 'none'))
  io.out(line('Next', `tq inspect active -d ${name} · tq inspect stats -d ${name}`))
  return 0
}
