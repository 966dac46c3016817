import { type Kind, noSuchManifest, type PlanNode, readManifests } from '../../engine/reader.ts'
import { ago } from '../output.ts'
import type { List } from './index.ts'

const manifests = (kind: Kind, words: List['words'], flags: string[] = []): List => ({
  words,
  flags,
  async read(context, options, name) {
    const all = (await readManifests(context.sql, { namespace: context.namespace })).filter(row => row.kind === kind)
    const queueOf = (row: (typeof all)[number]) =>
      (row.document as { spec?: { queue?: PlanNode['path'] } }).spec?.queue ?? 'default'
    const found = all.filter(
      row => (!name || row.name === name) && (options.queue === undefined || queueOf(row) === options.queue),
    )
    if (found.length === 0 && name) throw await noSuchManifest(context, [kind], name)
    return {
      data: found,
      names: found.map(row => row.name),
      header: ['NAME', kind === 'task' ? 'QUEUE' : 'KIND', 'REVISION', 'APPLIED', 'FILE', 'AT', 'HASH'],
      rows: found.map(row => [
        row.name,
        kind === 'task' ? queueOf(row) : (row.document as { kind: string }).kind,
        `${row.revision}${row.draining ? ' (draining)' : ''}`,
        ago(row.applied_at),
        row.file,
        row.applied_at.toISOString(),
        row.hash.slice(0, 12),
      ]),
      values: { APPLIED: found.map(row => row.applied_at) },
      narrow: 5,
      hint:
        found.length > 0
          ? null
          : all.length > 0
            ? `no ${kind} is chosen by --queue ${options.queue}; all: tq get ${kind}s`
            : `no ${kind}s yet: tq apply -f manifests/`,
    }
  },
})

export const workflows = manifests('workflow', ['workflows', 'workflow', 'wf'])
export const tasks = manifests('task', ['tasks', 'task'], ['queue'])
