import {
  type Config,
  type Context,
  type HookSpec,
  hooksPrefix,
  listRejections,
  openSecrets,
  variableOf,
  verifyOf,
} from '../../engine/reader.ts'
import { line } from './line.ts'
import type { State } from './manifest.ts'

/** Where a hook is, whether its secrets are here, and what it has turned away of late. */
export const hookState = async ({
  context,
  config,
  name,
  spec,
}: {
  context: Context
  config: Config
  name: string
  spec: object
}): Promise<State> => {
  const { path } = spec as HookSpec
  const secrets = openSecrets(config.secrets)
  const wanted = verifyOf(spec as HookSpec)?.secrets ?? []
  const there = await Promise.all(wanted.map(async secret => ({ secret, here: (await secrets.read(secret)) !== null })))
  const rejections = await listRejections(context.sql, { namespace: context.namespace, hook: name, limit: 5 })
  return {
    data: { path: `${hooksPrefix}${path}`, secrets: there, rejections },
    lines: [
      line('Path', `${config.serverUrl ?? ''}${hooksPrefix}${path}`),
      line(
        'Secrets',
        there
          .map(one =>
            one.here ? `${one.secret} (is here)` : `${one.secret} (not here: export ${variableOf(one.secret)}=…)`,
          )
          .join(', ') || 'none',
      ),
      line('Rejected', rejections.map(one => `${one.requests} × ${one.reason}`).join(', ') || 'nothing of late'),
      line('Next', `tq hook url ${name} · tq hook rejections ${name}`),
    ],
  }
}
