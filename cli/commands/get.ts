import { type Context, didYouMean, listJobs, listRuns, listSessions, printId, readManifests, readQueues, resolveRun, shortId, snapshot, TqError } from '../../engine/client.ts'
import { connected } from '../connect.ts'
import type { Io } from '../io.ts'
import { ago, print, took } from '../output.ts'
import { icon } from '../progress.ts'
import type { Action, Options } from './index.ts'

const get: Action = (io, options, what, name) => {
  const list = lists[String(what)]
  if (!list) {
    const words = Object.keys(lists).filter(word => word.endsWith('s'))
    throw new TqError('USAGE', `"${what}" is nothing to get${didYouMean(String(what), Object.keys(lists))}${didYouMean(String(what), Object.keys(lists)) ? '' : `; there are ${words.join(', ')}`}`)
  }
  return connected(io, async context => {
    await list(io, context, options, name as string | undefined)
    return 0
  })
}
export default get

type List = (io: Io, context: Context, options: Options, name: string | undefined) => Promise<void>

const runs: List = async (io, context, options, name) => {
  const state = options.state as string | undefined
  const found = await listRuns(context.sql, { namespace: context.namespace, limit: Number(options.limit) || 20, ...(name ? { name } : {}), ...(state ? { state } : {}) })
  print(io, options.output, {
    data: found.map(run => ({ ...run, id: printId(run.id) })),
    names: found.map(run => printId(run.id)),
    table: {
      header: ['RUN', 'WORKFLOW', 'STATE', 'JOBS', 'STARTED', 'TOOK', 'TRIGGER'],
      rows: found.map(run => [
        shortId(run.id), run.name, `${icon(run.state)} ${run.state}${run.warnings ? ` (${run.warnings} warnings)` : ''}`, `${run.done}/${run.done + run.open}`,
        ago(run.started_at), took(run.started_at, run.ended_at), run.trigger,
      ]),
    },
  })
}

const manifests = (kind: 'workflow' | 'task'): List => async (io, context, options, name) => {
  const found = (await readManifests(context.sql, { namespace: context.namespace })).filter(row => row.kind === kind && (!name || row.name === name))
  print(io, options.output, {
    data: found,
    names: found.map(row => row.name),
    table: { header: ['NAME', 'KIND', 'REVISION', 'APPLIED', 'FILE'], rows: found.map(row => [row.name, (row.document as { kind: string }).kind, String(row.revision), ago(row.applied_at), row.file]) },
  })
}

const queues: List = async (io, context, options) => {
  const found = (await readQueues(context.sql, { namespace: context.namespace })).filter(queue => queue.id !== 0)
  print(io, options.output, {
    data: found,
    names: found.map(queue => queue.name),
    table: {
      header: ['NAME', 'CONCURRENCY', 'RATE', 'PAUSED'],
      rows: found.map(queue => [queue.name, String(queue.concurrency ?? '—'), queue.rate_count ? `${queue.rate_count} per ${queue.rate_ms} ms` : '—', queue.paused ? 'paused' : '']),
    },
  })
}

const workers: List = async (io, context, options) => {
  const found = await listSessions(context.sql, { namespace: context.namespace })
  print(io, options.output, {
    data: found,
    names: found.map(session => session.worker),
    table: {
      header: ['WORKER', 'HOST', 'PID', 'RUNNING', 'CHILDREN', 'QUEUES', 'UP'],
      rows: found.map(s => [s.worker, s.host, String(s.pid), String(s.running), String(s.concurrency), s.queues.filter(queue => queue !== 'tq').join(','), ago(s.started_at)]),
    },
  })
}

const jobs: List = async (io, context, options, name) => {
  if (!name) throw new TqError('USAGE', 'say of which run: tq get jobs @latest')
  const id = await resolveRun(context, name)
  const { plan } = await snapshot(context, id)
  const found = (await listJobs(context.sql, { run: id, limit: Number(options.limit) === 20 ? 100_000 : Number(options.limit) })).map(({ node, ...job }) => ({
    job: plan.nodes[node]!.path + (job.item === null ? '' : `[${job.item}]`), kind: plan.nodes[node]!.kind, ...job,
  }))
  print(io, options.output, {
    data: found,
    names: found.map(job => job.job),
    table: {
      header: ['JOB', 'KIND', 'STATE', 'ATTEMPT', 'TOOK', 'WORKER', 'ERROR'],
      rows: found.map(job => [
        job.job || '(run)', job.kind, `${icon(job.state)} ${job.state}`, String(job.attempt), took(job.started_at, job.ended_at), job.worker ?? '',
        job.error && job.state !== 'succeeded' ? `${(job.error as { name: string }).name}: ${(job.error as { message: string }).message.split('\n')[0]}` : '',
      ]),
    },
  })
}

const lists: Record<string, List> = {
  runs, run: runs, workflows: manifests('workflow'), workflow: manifests('workflow'), wf: manifests('workflow'), tasks: manifests('task'), task: manifests('task'),
  queues, queue: queues, q: queues, workers, worker: workers, jobs, job: jobs,
}
