import { formatMoment, listSchedules, noSuchManifest, printId, shortId } from '../../engine/reader.ts'
import { errorLine } from '../progress.ts'
import { whenOf } from '../schedules.ts'
import type { List } from './index.ts'

export const schedules: List = {
  words: ['schedules', 'schedule', 'sch'],
  flags: ['workflow'],
  async read(context, options, name) {
    const all = await listSchedules(context.sql, { namespace: context.namespace, name })
    const found = all.filter(row => options.workflow === undefined || row.trigger.workflow === options.workflow)
    if (all.length === 0 && name) throw await noSuchManifest(context, ['schedule'], name)
    return {
      data: found.map(({ trigger, ...row }) => ({
        ...row,
        workflow: trigger.workflow,
        spec: trigger.spec,
        last_run: row.last_run && printId(row.last_run),
      })),
      names: found.map(row => row.name),
      header: ['NAME', 'WORKFLOW', 'WHEN', 'NEXT', 'LAST', 'RUN', 'FIRED', 'PAUSED', 'PROBLEM'],
      rows: found.map(row => [
        row.name,
        row.trigger.workflow,
        whenOf(row.trigger.spec),
        row.next_at && !row.paused ? formatMoment(row.next_at.getTime()) : '—',
        row.last_slot ? formatMoment(row.last_slot.getTime()) : '—',
        row.last_run ? `${shortId(row.last_run)}${row.last_state ? ` ${row.last_state}` : ''}` : '—',
        `${row.fired}${row.dropped ? ` (${row.dropped} dropped)` : ''}`,
        row.paused ? 'paused' : '',
        row.problem ? `${row.problem.slot} ${errorLine(row.problem)}` : '',
      ]),
      narrow: 9,
      hint:
        found.length > 0
          ? null
          : all.length > 0
            ? `no schedule starts ${options.workflow}; all: tq get schedules`
            : 'no schedules yet: tq apply -f manifests/',
    }
  },
}
