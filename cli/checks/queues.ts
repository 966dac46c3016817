import { listSessions, queueDepths, readManifests, readQueues } from '../../engine/reader.ts'
import { count, span } from '../output.ts'
import type { Check, Connected, Said } from './index.ts'

/** Queues in which jobs wait that nobody will take. */
export const queues: Check<Connected> = {
  name: 'queues',
  async find({ context }) {
    const { sql, namespace } = context
    const [all, depths, sessions, manifests] = await Promise.all([
      readQueues(sql, { namespace }),
      queueDepths(sql, { namespace }),
      listSessions(sql, { namespace }),
      readManifests(sql, { namespace }),
    ])
    const found = depths
      .filter(({ state }) => state === 'queued')
      .flatMap(({ queue: name, jobs, oldest_s }): Said[] => {
        const waiting = `${count(jobs, 'job')} ${jobs === 1 ? 'waits' : 'wait'} (the oldest ${span(oldest_s * 1000)})`
        if (all.find(queue => queue.name === name)?.paused) {
          const file = manifests.find(row => row.kind === 'queue' && row.name === name)?.file
          return [
            {
              level: 'warning' as const,
              text: `queue "${name}" is paused; ${waiting}`,
              fix: `take paused out of its manifest, then: tq apply${file ? ` -f ${file}` : ''}`,
            },
          ]
        }
        if (sessions.some(session => !session.draining && session.queues.includes(name))) return []
        return [
          {
            level: 'failed' as const,
            text: `no worker serves queue "${name}"; ${waiting}`,
            fix: `tq worker -Q ${name}`,
          },
        ]
      })
    return found.length > 0 ? found : [{ level: 'ok', text: `${all.length - 1}, and nothing waits in vain` }]
  },
}
