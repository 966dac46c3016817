import { didYouMean, listSessions, TqError } from '../../engine/reader.ts'
import { lasted, span } from '../output.ts'
import type { List } from './index.ts'

export const workers: List = {
  words: ['workers', 'worker'],
  flags: ['queue'],
  async read(context, options, name) {
    const all = await listSessions(context.sql, { namespace: context.namespace })
    const found = all.filter(
      one =>
        (!name || one.worker === name) && (options.queue === undefined || one.queues.includes(String(options.queue))),
    )
    const names = all.map(session => session.worker)
    if (found.length === 0 && name)
      throw new TqError(
        'NOT_FOUND',
        `no worker that is up is called "${name}"${didYouMean(name, names) || (names.length > 0 ? `; there are ${names.join(', ')}` : '; none is up')}`,
      )
    return {
      data: found,
      names: found.map(session => session.worker),
      header: ['WORKER', 'HOST', 'PID', 'RUNNING', 'CHILDREN', 'QUEUES', 'UP', 'STATE', 'SINCE', 'HANDLERS'],
      rows: found.map(s => [
        s.worker,
        s.host,
        String(s.pid),
        String(s.running),
        String(s.concurrency),
        s.queues.filter(queue => queue !== 'tq').join(','),
        span(Date.now() - new Date(s.started_at).getTime()),
        s.draining ? 'draining' : 'up',
        s.started_at.toISOString(),
        String(s.handlers.length),
      ]),
      values: { UP: found.map(s => lasted(s.started_at, new Date())) },
      narrow: 7,
      hint:
        found.length > 0
          ? null
          : options.queue === undefined
            ? 'no worker is up, so nothing runs: tq worker, or tq dev'
            : `no worker serves queue ${options.queue}: tq worker -Q ${options.queue}`,
    }
  },
}
