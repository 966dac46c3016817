import { type HookSpec, openSecrets, readTriggers, variableOf, verifyOf } from '../../engine/reader.ts'
import type { Check, Connected } from './index.ts'

/** Hooks whose secret is not here: a server with these settings refuses every delivery. */
export const hooks: Check<Connected> = {
  name: 'hooks',
  async find({ context, config }) {
    const all = await readTriggers(context.sql, { namespace: context.namespace, kind: 'hook' })
    if (all.length === 0) return []
    const secrets = openSecrets(config.secrets)
    const found = await Promise.all(
      all.map(async ({ name, trigger }) => {
        const wanted = verifyOf(trigger.spec as unknown as HookSpec)?.secrets ?? []
        const read = await Promise.all(wanted.map(async one => ((await secrets.read(one)) === null ? [one] : [])))
        return read.flat().map(secret => ({
          level: 'warning' as const,
          text: `hook "${name}" verifies by the secret ${secret}, which is not here`,
          fix: `export ${variableOf(secret)}=…, where the server runs`,
        }))
      }),
    )
    return found.flat().length > 0 ? found.flat() : [{ level: 'ok', text: `${all.length}, their secrets are here` }]
  },
}
