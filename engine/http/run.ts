import { TqError } from '../model/errors.ts'
import { parseId, printId } from '../model/id.ts'
import { ended } from '../model/state.ts'
import type { Context } from '../runtime/context.ts'
import { readRuns } from '../store/run.ts'
import { readRoot } from '../store/view.ts'
import { problem } from './problem.ts'

/** A run's id as people see it, and where it can be asked for. */
export const runView = (uuid: string): { id: string; location: string } => {
  const id = printId(uuid)
  return { id, location: `/api/v1/runs/${id}` }
}

/** Answers what has become of a run. Who knows the whole id may ask: most of it is random. */
export const answerRun = async (context: Context, typed: string): Promise<Response> => {
  const parsed = parseId(typed)
  const uuid = parsed && 'uuid' in parsed ? parsed.uuid : null
  const [run] = uuid === null ? [] : await readRuns(context.sql, [uuid])
  if (!run || run.namespace !== context.namespace) return problem(new TqError('NOT_FOUND', `there is no run ${typed}`))
  const { id, location } = runView(run.id)
  const over = ended(run.state)
  const { output = null, error = null } = (over && (await readRoot(context.sql, run.id))) || {}
  return Response.json(
    {
      id,
      workflow: run.name,
      state: run.state,
      output,
      error,
      startedAt: run.started_at,
      endedAt: run.ended_at,
      links: { run: location },
    },
    { headers: over ? {} : { 'retry-after': '1' } },
  )
}
