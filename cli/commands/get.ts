import {
  type Context,
  type Kind,
  didYouMean,
  type HookSpec,
  hooksPrefix,
  formatRate,
  listJobs,
  listRuns,
  formatMoment,
  listSchedules,
  listSessions,
  noSuchManifest,
  printId,
  readManifest,
  readManifests,
  readQueues,
  resolveRun,
  type RunState,
  runStates,
  shortId,
  snapshot,
  TqError,
} from '../../engine/reader.ts'
import { connected } from '../connect.ts'
import type { Io } from '../io.ts'
import { nameJobs } from '../jobs.ts'
import { ago, count, print, span, took } from '../output.ts'
import { whenOf } from '../schedules.ts'
import { errorLine, icon } from '../progress.ts'
import type { Action, Options } from './index.ts'
import { labelsOf } from '../options.ts'

const get: Action = (io, options, what, name) => {
  const list = lists[String(what)]
  if (!list) {
    const near = didYouMean(String(what), Object.keys(lists))
    throw new TqError(
      'USAGE',
      `"${what}" is nothing to get${
        near ||
        `; there are ${Object.keys(lists)
          .filter(word => word.endsWith('s'))
          .join(', ')}`
      }`,
    )
  }
  return connected(io, async context => {
    await list(io, context, options, name as string | undefined)
    return 0
  })
}
export default get

type List = (io: Io, context: Context, options: Options, name: string | undefined) => Promise<void>

const runs: List = async (io, context, options, name) => {
  const state = options.state as RunState | undefined
  if (state && !runStates.includes(state))
    throw new TqError(
      'USAGE',
      `"${state}" is no state of a run${didYouMean(state, runStates) || `; there are ${runStates.join(', ')}`}`,
    )
  const limit = limitOf(options) ?? 20
  const found = await listRuns(context.sql, {
    namespace: context.namespace,
    limit: limit + 1,
    ...(await runOrName(context, name)),
    ...(state ? { state } : {}),
    ...(typeof options.trigger === 'string' ? { trigger: options.trigger } : {}),
    labels: labelsOf(options),
  })
  const shown = found.slice(0, limit)
  print(io, options.output, {
    data: shown.map(run => ({ ...run, id: printId(run.id) })),
    names: shown.map(run => printId(run.id)),
    table: {
      header: ['RUN', 'WORKFLOW', 'STATE', 'JOBS', 'STARTED', 'TOOK', 'TRIGGER'],
      rows: shown.map(run => [
        shortId(run.id),
        run.name,
        `${icon(run.state)} ${run.state}${run.warnings ? ` (${count(run.warnings, 'warning')})` : ''}`,
        `${run.done}/${run.done + run.open}`,
        ago(run.started_at),
        took(run.started_at, run.ended_at),
        run.trigger,
      ]),
    },
  })
  if (found.length > limit) io.err(`the newest ${limit}; more: --limit ${limit * 5}, --state failed`)
  if (found.length === 0) io.err(options.label ? 'no run has these labels' : await nothingRan(context, name, state))
}

/** Of what is applied under that name, else the one run that it is the id of. */
const runOrName = async (context: Context, name: string | undefined): Promise<{ name?: string; id?: string }> => {
  if (name === undefined) return {}
  const { sql, namespace } = context
  const applied = await Promise.all(
    (['workflow', 'task'] as const).map(kind => readManifest(sql, { namespace, kind, name })),
  )
  const id = applied.some(Boolean) ? null : await resolveRun(context, name).catch(() => null)
  return id ? { id } : { name }
}

/** What to do where no run is found. */
const nothingRan = async (context: Context, name: string | undefined, state: string | undefined): Promise<string> => {
  if (state) return `no run is ${state}; all: tq get runs`
  const names = (await readManifests(context.sql, { namespace: context.namespace }))
    .filter(row => row.kind === 'workflow')
    .map(row => row.name)
  if (names.length === 0) return 'no runs yet, and no workflows: tq apply -f manifests/'
  if (name && !names.includes(name)) throw await noSuchManifest(context, ['workflow', 'task'], name)
  return `no runs yet; start one: tq run ${name ?? names[0]} --watch`
}

const limitOf = (options: Options): number | null => {
  if (options.limit === undefined) return null
  if (!/^[1-9]\d{0,6}$/.test(String(options.limit)))
    throw new TqError('USAGE', `--limit ${options.limit}: write a number from 1`)
  return Number(options.limit)
}

const manifests =
  (kind: Kind): List =>
  async (io, context, options, name) => {
    const found = (await readManifests(context.sql, { namespace: context.namespace })).filter(
      row => row.kind === kind && (!name || row.name === name),
    )
    print(io, options.output, {
      data: found,
      names: found.map(row => row.name),
      table: {
        header: ['NAME', 'KIND', 'REVISION', 'APPLIED', 'FILE'],
        rows: found.map(row => [
          row.name,
          (row.document as { kind: string }).kind,
          String(row.revision),
          ago(row.applied_at),
          row.file,
        ]),
      },
    })
    if (found.length === 0 && name) throw await noSuchManifest(context, [kind], name)
    if (found.length === 0) io.err(`no ${kind}s yet: tq apply -f manifests/`)
  }

const queues: List = async (io, context, options) => {
  const found = (await readQueues(context.sql, { namespace: context.namespace })).filter(queue => queue.id !== 0)
  print(io, options.output, {
    data: found,
    names: found.map(queue => queue.name),
    table: {
      header: ['NAME', 'CONCURRENCY', 'RATE', 'PAUSED'],
      rows: found.map(queue => [
        queue.name,
        String(queue.concurrency ?? '—'),
        queue.rate_count ? formatRate({ count: queue.rate_count, ms: queue.rate_ms! }) : '—',
        queue.paused ? 'paused' : '',
      ]),
    },
  })
}

const schedules: List = async (io, context, options, name) => {
  const found = await listSchedules(context.sql, { namespace: context.namespace, name })
  print(io, options.output, {
    data: found.map(({ trigger, ...row }) => ({
      ...row,
      workflow: trigger.workflow,
      spec: trigger.spec,
      last_run: row.last_run && printId(row.last_run),
    })),
    names: found.map(row => row.name),
    table: {
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
    },
  })
  if (found.length === 0 && name) throw await noSuchManifest(context, ['schedule'], name)
  if (found.length === 0) io.err('no schedules yet: tq apply -f manifests/')
}

const workers: List = async (io, context, options) => {
  const found = await listSessions(context.sql, { namespace: context.namespace })
  print(io, options.output, {
    data: found,
    names: found.map(session => session.worker),
    table: {
      header: ['WORKER', 'HOST', 'PID', 'RUNNING', 'CHILDREN', 'QUEUES', 'UP'],
      rows: found.map(s => [
        s.worker,
        s.host,
        String(s.pid),
        String(s.running),
        String(s.concurrency),
        s.queues.filter(queue => queue !== 'tq').join(','),
        span(Date.now() - new Date(s.started_at).getTime()),
      ]),
    },
  })
  if (found.length === 0) io.err('no worker is up, so nothing runs: tq worker, or tq dev')
}

const jobs: List = async (io, context, options, name) => {
  if (!name) throw new TqError('USAGE', 'say of which run: tq get jobs @latest')
  const id = await resolveRun(context, name)
  const { plan } = await snapshot(context, id)
  const found = nameJobs(plan, await listJobs(context.sql, { run: id, limit: limitOf(options) ?? 100_000 }))
  print(io, options.output, {
    data: found,
    names: found.map(job => job.job),
    table: {
      header: ['JOB', 'KIND', 'STATE', 'ATTEMPT', 'TOOK', 'WORKER', 'ERROR'],
      rows: found.map(job => [
        job.job || '(run)',
        job.kind,
        `${icon(job.state)} ${job.state}`,
        job.kind === 'task' && job.attempt ? String(job.attempt) : '',
        took(job.started_at, job.ended_at),
        job.worker ?? '',
        job.error && job.state !== 'succeeded' ? errorLine(job.error as { name?: string; message?: string }) : '',
      ]),
    },
  })
}

const hooks: List = async (io, context, options) => {
  const found = (await readManifests(context.sql, { namespace: context.namespace })).filter(row => row.kind === 'hook')
  print(io, options.output, {
    data: found,
    names: found.map(row => row.name),
    table: {
      header: ['NAME', 'PATH', 'VERIFY', 'WORKFLOW', 'APPLIED'],
      rows: found.map(row => {
        const { path, verify, workflow } = (row.document as unknown as { spec: HookSpec }).spec
        return [
          row.name,
          `${hooksPrefix}${path}`,
          typeof verify === 'string' ? verify : verify.scheme,
          workflow,
          ago(row.applied_at),
        ]
      }),
    },
  })
  if (found.length === 0) io.err('no hooks yet: tq apply -f manifests/')
}

const lists: Record<string, List> = {
  runs,
  run: runs,
  workflows: manifests('workflow'),
  workflow: manifests('workflow'),
  wf: manifests('workflow'),
  tasks: manifests('task'),
  task: manifests('task'),
  queues,
  queue: queues,
  q: queues,
  schedules,
  schedule: schedules,
  sch: schedules,
  workers,
  worker: workers,
  jobs,
  job: jobs,
  hooks,
  hook: hooks,
}
