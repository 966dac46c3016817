import { neededSecrets, openSecrets, variableOf } from '../../engine/reader.ts'
import type { Check, Connected } from './index.ts'

/** Secrets that are not here: with these settings a worker fails the steps that name them. */
export const secrets: Check<Connected> = {
  name: 'secrets',
  async find({ context, config }) {
    const needed = await neededSecrets(context.sql, { namespace: context.namespace })
    if (needed.length === 0) return []
    const here = openSecrets(config.secrets)
    const found = []
    for (const { secret, name } of needed)
      if ((await here.read(secret)) === null)
        found.push({
          level: 'warning' as const,
          text: `workflow/${name} needs the secret ${secret}, which is not here`,
          fix: `export ${variableOf(secret)}=…, where the workers run`,
        })
    return found.length > 0 ? found : [{ level: 'ok', text: `all ${needed.length} that tasks need are here` }]
  },
}
