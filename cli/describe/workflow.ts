import { type Context, listRuns, printId, readTriggers, shortId } from '../../engine/reader.ts'
import { ago } from '../output.ts'
import { icon } from '../progress.ts'
import { line } from './line.ts'
import type { State } from './manifest.ts'

/** What starts a workflow, and its last runs. */
export const workflowState = async ({ context, name }: { context: Context; name: string }): Promise<State> => {
  const { sql, namespace } = context
  const [runs, triggers] = await Promise.all([
    listRuns(sql, { namespace, name, limit: 5 }),
    readTriggers(sql, { namespace }),
  ])
  const startedBy = triggers.filter(({ trigger }) => trigger.workflow === name).map(one => `${one.kind}/${one.name}`)
  return {
    data: { startedBy, runs: runs.map(({ id, state, started_at }) => ({ id: printId(id), state, started_at })) },
    lines: [
      line('Started by', startedBy.length > 0 ? startedBy.join(', ') : `nothing by itself: tq run ${name}`),
      line(
        'Runs',
        runs.length > 0
          ? runs.map(run => `${icon(run.state)} ${shortId(run.id)} ${run.state} ${ago(run.started_at)}`).join(', ')
          : 'none yet',
      ),
      line('Next', `tq run ${name} --watch · tq graph ${name} · tq history ${name}`),
    ],
  }
}
