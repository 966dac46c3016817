import { type Context, listSessions, readManifests } from '../../engine/reader.ts'
import { line } from './line.ts'
import type { State } from './manifest.ts'

/** Who runs a Task, and which workflows have it. */
export const taskState = async ({
  context,
  name,
  spec,
}: {
  context: Context
  name: string
  spec: { handler?: string; queue?: string }
}): Promise<State> => {
  const { sql, namespace } = context
  const { handler = name, queue = 'default' } = spec
  const [sessions, manifests] = await Promise.all([listSessions(sql, { namespace }), readManifests(sql, { namespace })])
  const workers = sessions
    .filter(one => one.queues.includes(queue) && one.handlers.includes(handler))
    .map(one => one.worker)
  const usedBy = manifests.filter(row => row.kind === 'workflow' && mentions(row.document, name)).map(row => row.name)
  return {
    data: { handler, queue, workers, usedBy },
    lines: [
      line('Handler', `${handler}, in queue ${queue}`),
      line(
        'Workers',
        workers.length > 0 ? workers.join(', ') : `none has the handler and serves the queue: tq worker -Q ${queue}`,
      ),
      line('Used by', usedBy.length > 0 ? usedBy.join(', ') : 'no workflow'),
      line('Next', `tq get runs ${name} · tq history task/${name}`),
    ],
  }
}

/** A step somewhere in a document has this Task. */
const mentions = (value: unknown, task: string): boolean => {
  if (Array.isArray(value)) return value.some(one => mentions(one, task))
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([field, inner]) => (field === 'task' && inner === task) || mentions(inner, task))
}
