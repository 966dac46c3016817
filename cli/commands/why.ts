import {
  type Context,
  ended,
  isAt,
  jobPaths,
  listJobs,
  type Reason,
  resolveRun,
  type Snapshot,
  shortId,
  snapshot,
  TqError,
  why as ask,
  whyEnded,
} from '../../engine/reader.ts'
import { connected } from '../connect.ts'
import { print, span, took } from '../output.ts'
import { icon } from '../progress.ts'
import type { Action } from '../command.ts'

const why: Action = (io, options, typed) =>
  connected(io, async context => {
    const [name, ...rest] = String(typed).split('/')
    const step = rest.join('/')
    const id = await resolveRun(context, name!)
    const { run, plan } = await snapshot(context, id)
    const all = await ask(context, { run: id, plan: run.plan, step })
    const reasons = step ? all : movers(all)
    const shown = reasons.length > 0 ? reasons : await endedReasons(context, { run, plan }, step)
    print(io, options.output, {
      data: { run: id, workflow: run.name, state: run.state, reasons: shown },
      names: shown.map(one => one.job),
      table: {
        header: [],
        rows: [
          [`${icon(run.state)} ${run.name} ${shortId(id)}`, run.state, sinceOf(run)],
          ...shown.flatMap(one => rowsOf(one, shortId(id))),
        ],
      },
    })
    return 0
  })
export default why

/** What waits for others has its reason in them: told only where nothing else is. */
const movers = (reasons: Reason[]): Reason[] => {
  const found = reasons.filter(one => one.state !== 'blocked' && one.state !== 'waiting')
  return found.length > 0 ? found : reasons
}

const rowsOf = ({ job, state, jobs, why: sentence, way }: Reason, run: string): string[][] => [
  [`  ${job || '(run)'}${jobs > 1 ? ` and ${jobs - 1} more` : ''}`, state, sentence],
  ...(way ? [['', '', `→ ${way.replace('RUN/STEP', job ? `${run}/${job}` : run).replace('RUN', run)}`]] : []),
]

const sinceOf = ({ started_at: start, ended_at: end, reason }: Snapshot['run']): string =>
  end ? `after ${took(start, end)}${reason ? `: ${reason}` : ''}` : `for ${span(Date.now() - start.getTime())}`

/** Of a step that has ended; of a run that has, of the steps that did not succeed. */
const endedReasons = async (
  context: Context,
  { run, plan }: Pick<Snapshot, 'run' | 'plan'>,
  step: string,
): Promise<Reason[]> => {
  const jobs = await listJobs(context.sql, { run: run.id, limit: 100_000 })
  const paths = jobPaths(plan.nodes, jobs)
  const path = ({ n }: { n: number }) => paths.get(n)!
  const exact = jobs.filter(job => path(job) === step)
  const wanted = step
    ? exact.length > 0
      ? exact
      : jobs.filter(job => isAt(path(job), step))
    : jobs.filter(job => ended(run.state) && isBad(job.state))
  if (step && wanted.length === 0)
    throw new TqError(
      'NOT_FOUND',
      plan.nodes.some(node => node.path === step)
        ? `"${step}" has no job yet in this run: what is around it has not started; ask why: tq why ${shortId(run.id)}`
        : `this run has no step "${step}"; \`tq get jobs ${shortId(run.id)}\` lists them`,
    )
  return wanted.slice(0, 20).map(job => ({
    job: path(job),
    state: job.state,
    jobs: 1,
    why: whyEnded(plan, jobs, job),
    way: null,
    stuck: false,
  }))
}

const isBad = (state: string): boolean => state === 'failed' || state === 'cancelled' || state === 'omitted'
