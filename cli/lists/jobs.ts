import {
  type Context,
  didYouMean,
  jobStates,
  listJobs,
  listOpenJobs,
  pathOf,
  readQueues,
  resolveRun,
  shortId,
  snapshot,
  TqError,
} from '../../engine/reader.ts'
import type { Options } from '../command.ts'
import { nameJobs } from '../jobs.ts'
import { limitOf } from '../options.ts'
import { ago, lasted, took, until } from '../output.ts'
import { errorLine, icon, number } from '../progress.ts'
import type { List, Listed } from './index.ts'

/** Jobs of a run; without one those that are open, whatever run they are of. */
export const jobs: List = {
  words: ['jobs', 'job'],
  flags: ['state', 'queue', 'limit'],
  states: jobStates,
  async read(context, options, name) {
    return name ? jobsOf(context, options, name) : openJobs(context, options)
  },
}

type ErrorText = { name?: string; message?: string }

const jobsOf = async (context: Context, options: Options, name: string): Promise<Listed> => {
  const id = await resolveRun(context, name)
  const { plan } = await snapshot(context, id)
  const limit = limitOf(options) ?? 100_000
  const chosen = options.state !== undefined || options.queue !== undefined
  const all = nameJobs(plan, await listJobs(context.sql, { run: id, limit: chosen ? 1_000_000 : limit + 1 }))
  const fitting = all.filter(
    job =>
      (options.state === undefined || job.state === options.state) &&
      (options.queue === undefined || job.queue === options.queue),
  )
  const shown = fitting.slice(0, limit)
  return {
    data: shown,
    names: shown.map(job => job.job),
    header: ['JOB', 'KIND', 'STATE', 'ATTEMPT', 'TOOK', 'WORKER', 'ERROR', 'QUEUE', 'READY', 'STARTED', 'ENDED'],
    rows: shown.map(job => [
      job.job || '(run)',
      job.kind,
      `${icon(job.state)} ${job.state}`,
      job.kind === 'task' && job.attempt ? String(job.attempt) : '',
      job.state === 'scheduled' ? until(job.ready_at) : took(job.started_at, job.ended_at),
      job.worker ?? '',
      job.error && job.state !== 'succeeded' ? errorLine(job.error as ErrorText) : '',
      job.queue ?? '',
      job.ready_at?.toISOString() ?? '',
      job.started_at?.toISOString() ?? '',
      job.ended_at?.toISOString() ?? '',
    ]),
    values: { TOOK: shown.map(job => lasted(job.started_at, job.ended_at)) },
    narrow: 7,
    hint:
      fitting.length > limit
        ? `the first ${number(limit)}. More: --limit ${limit * 5}`
        : fitting.length === 0 && chosen
          ? `no job of this run is chosen; all: tq get jobs ${shortId(id)}`
          : null,
  }
}

const openJobs = async (context: Context, options: Options): Promise<Listed> => {
  const { sql, namespace } = context
  const limit = limitOf(options) ?? 100
  const queues = await readQueues(sql, { namespace })
  const queue = options.queue === undefined ? null : queues.find(one => one.name === options.queue)
  if (queue === undefined)
    throw new TqError(
      'NOT_FOUND',
      `there is no queue "${options.queue}"${didYouMean(
        String(options.queue),
        queues.map(one => one.name),
      )}`,
    )
  const state = (options.state as string | undefined) ?? null
  const found = await listOpenJobs(sql, { namespace, queue: queue?.id ?? null, state, limit: limit + 1 })
  const named = await Promise.all(
    found.slice(0, limit).map(async ({ plan, node, ...job }) => {
      const { nodes } = await context.plan(plan)
      return { ...job, run: shortId(job.run), job: pathOf(nodes[node]?.path ?? '', job.item) }
    }),
  )
  return {
    data: named,
    names: named.map(({ run, job }) => (job ? `${run}/${job}` : run)),
    header: ['RUN', 'JOB', 'STATE', 'QUEUE', 'SINCE', 'WORKER', 'ERROR'],
    rows: named.map(job => [
      job.run,
      job.job || '(run)',
      `${icon(job.state)} ${job.state}`,
      job.queue,
      job.state === 'scheduled' ? until(job.due_at) : ago(job.due_at),
      job.worker ?? '',
      job.error ? errorLine(job.error as ErrorText) : '',
    ]),
    values: { SINCE: named.map(job => job.due_at) },
    narrow: 7,
    hint:
      found.length > limit
        ? `the first ${number(limit)} open jobs. More: --limit ${limit * 5}, --queue NAME, --state running`
        : found.length === 0
          ? 'no job is open; those of a run: tq get jobs @latest'
          : null,
  }
}
