import { listSessions } from '../../engine/reader.ts'
import { count } from '../output.ts'
import type { Check, Connected } from './index.ts'

export const workers: Check<Connected> = {
  name: 'workers',
  async find({ context }) {
    const sessions = await listSessions(context.sql, { namespace: context.namespace })
    if (sessions.length === 0) return [{ level: 'failed', text: 'none is up, so nothing runs', fix: 'tq worker' }]
    const children = sessions.reduce((sum, one) => sum + one.concurrency, 0)
    const running = sessions.reduce((sum, one) => sum + one.running, 0)
    if (children === 0)
      return [
        {
          level: 'failed',
          text: `${count(sessions.length, 'worker')} without child processes`,
          fix: 'tq control pool-grow 2',
        },
      ]
    return [
      { level: 'ok', text: `${count(sessions.length, 'worker')}, ${children} child processes, ${running} running` },
    ]
  },
}
