import { type Context, listSessions, queueDepths, readQueues } from '../../engine/reader.ts'
import { span } from '../output.ts'
import { line } from './line.ts'
import type { State } from './manifest.ts'

/** What waits and runs in a queue, and who serves it. */
export const queueState = async ({ context, name }: { context: Context; name: string }): Promise<State> => {
  const { sql, namespace } = context
  const [queues, depths, sessions] = await Promise.all([
    readQueues(sql, { namespace }),
    queueDepths(sql, { namespace }),
    listSessions(sql, { namespace }),
  ])
  const paused = queues.find(queue => queue.name === name)?.paused === true
  const own = depths.filter(row => row.queue === name)
  const jobs = Object.fromEntries(own.map(row => [row.state, row.jobs]))
  const queued = own.find(row => row.state === 'queued')
  const workers = sessions.filter(one => !one.draining && one.queues.includes(name)).map(one => one.worker)
  const said = own.map(row => `${row.jobs} ${row.state}`).join(', ')
  return {
    data: { paused, jobs, oldestMs: queued ? queued.oldest_s * 1000 : null, workers },
    lines: [
      line('Jobs', `${said || 'none'}${queued ? `; the oldest waits for ${span(queued.oldest_s * 1000)}` : ''}`),
      line('Workers', workers.length > 0 ? workers.join(', ') : `none serves it: tq worker -Q ${name}`),
      ...(paused ? [line('Paused', 'yes: take it out of the manifest, then tq apply')] : []),
      line('Next', `tq get jobs --queue ${name}`),
    ],
  }
}
