import { countJobs, formatRate, listSessions, noSuchManifest, readQueues } from '../../engine/reader.ts'
import type { List } from './index.ts'

export const queues: List = {
  words: ['queues', 'queue', 'q'],
  flags: [],
  async read(context, _options, name) {
    const { sql, namespace } = context
    const [all, jobs, sessions] = await Promise.all([
      readQueues(sql, { namespace }),
      countJobs(sql, { namespace }),
      listSessions(sql, { namespace }),
    ])
    const found = all
      .filter(queue => queue.id !== 0 && (!name || queue.name === name))
      .map(queue => {
        const of = (state: string) => jobs.find(row => row.queue === queue.name && row.state === state)?.jobs ?? 0
        return {
          ...queue,
          queued: of('queued'),
          running: of('running'),
          scheduled: of('scheduled'),
          workers: sessions.filter(session => !session.draining && session.queues.includes(queue.name)).length,
        }
      })
    if (found.length === 0 && name) throw await noSuchManifest(context, ['queue'], name)
    const idle = found.find(queue => queue.queued > 0 && queue.workers === 0 && !queue.paused)
    return {
      data: found,
      names: found.map(queue => queue.name),
      header: ['NAME', 'QUEUED', 'RUNNING', 'SCHEDULED', 'WORKERS', 'PAUSED', 'CONCURRENCY', 'RATE'],
      rows: found.map(queue => [
        queue.name,
        String(queue.queued),
        String(queue.running),
        String(queue.scheduled),
        String(queue.workers),
        queue.paused ? 'paused' : '',
        String(queue.concurrency ?? '—'),
        queue.rate_count ? formatRate({ count: queue.rate_count, ms: queue.rate_ms! }) : '—',
      ]),
      narrow: 8,
      hint: idle ? `no worker serves queue ${idle.name}: tq worker -Q ${idle.name}` : null,
    }
  },
}
