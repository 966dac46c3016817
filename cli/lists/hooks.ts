import { type HookSpec, hooksPrefix, noSuchManifest, readManifests } from '../../engine/reader.ts'
import { ago } from '../output.ts'
import type { List } from './index.ts'

export const hooks: List = {
  words: ['hooks', 'hook'],
  flags: ['workflow'],
  async read(context, options, name) {
    const all = (await readManifests(context.sql, { namespace: context.namespace }))
      .filter(row => row.kind === 'hook')
      .map(row => ({ ...row, spec: (row.document as unknown as { spec: HookSpec }).spec }))
    const found = all.filter(
      row => (!name || row.name === name) && (options.workflow === undefined || row.spec.workflow === options.workflow),
    )
    if (found.length === 0 && name) throw await noSuchManifest(context, ['hook'], name)
    return {
      data: found.map(({ spec, ...row }) => row),
      names: found.map(row => row.name),
      header: ['NAME', 'PATH', 'VERIFY', 'WORKFLOW', 'APPLIED', 'REVISION', 'FILE'],
      rows: found.map(({ name: hook, spec, applied_at, revision, file }) => [
        hook,
        `${hooksPrefix}${spec.path}`,
        typeof spec.verify === 'string' ? spec.verify : spec.verify.scheme,
        spec.workflow,
        ago(applied_at),
        String(revision),
        file,
      ]),
      values: { APPLIED: found.map(row => row.applied_at) },
      narrow: 5,
      hint:
        found.length > 0
          ? null
          : all.length > 0
            ? `no hook starts ${options.workflow}; all: tq get hooks`
            : 'no hooks yet: tq apply -f manifests/',
    }
  },
}
