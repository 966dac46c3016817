import { failedRuns } from '../../engine/reader.ts'
import { count } from '../output.ts'
import type { Check, Connected } from './index.ts'

const minutes = 60

/** Runs that fail more than they did. */
export const failures: Check<Connected> = {
  name: 'failures',
  async find({ context }) {
    const { now, before } = await failedRuns(context.sql, { namespace: context.namespace, minutes })
    const text = `${now === 0 ? 'no run has' : `${count(now, 'run')} ${now === 1 ? 'has' : 'have'}`} failed within the hour, ${before} in the one before`
    return [
      now > before ? { level: 'warning', text, fix: 'tq get runs --state failed --since 1h' } : { level: 'ok', text },
    ]
  },
}
