import type { HookSpec } from '../../../schemas/manifest.types.ts'
import { methodsOf, type Verify, verifyOf } from '../../model/hook.ts'
import { readTriggers } from '../../store/trigger.ts'
import type { Context } from '../context.ts'
import { noSuchManifest } from '../names.ts'

export type NamedHook = { name: string; path: string; method: string; verify: Verify }

/** A hook as it is applied. @throws NOT_FOUND */
export const hookNamed = async (context: Context, name: string): Promise<NamedHook> => {
  const rows = await readTriggers(context.sql, { namespace: context.namespace, kind: 'hook' })
  const found = rows.find(row => row.name === name)
  if (!found) throw await noSuchManifest(context, ['hook'], name)
  const spec = found.trigger.spec as unknown as HookSpec
  return { name, path: spec.path, method: methodsOf(spec)[0]!, verify: verifyOf(spec) }
}
