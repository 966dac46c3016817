import { missingGrants } from '../../engine/reader.ts'
import type { Check, Connected } from './index.ts'

export const permissions: Check<Connected> = {
  name: 'permissions',
  async find({ context, config, server }) {
    const missing = await missingGrants(context.sql, config.schema)
    if (missing.length === 0) return [{ level: 'ok', text: `${server.user} may read and write all tables` }]
    return [
      {
        level: 'failed',
        text: `${server.user} may not ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more` : ''}`,
        fix: `psql -c 'grant all on all tables in schema ${config.schema} to ${server.user}; grant all on all sequences in schema ${config.schema} to ${server.user}'`,
      },
    ]
  },
}
