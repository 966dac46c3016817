import {
  type AttemptView,
  type Context,
  formatMoment,
  listAttempts,
  listJobs,
  type Plan,
  type RetryPolicy,
  printId,
  readRoot,
  resolveRun,
  shortId,
  snapshot,
} from '../../engine/reader.ts'
import type { Options } from '../command.ts'
import type { Io } from '../io.ts'
import { type NamedJob, nameJobs } from '../jobs.ts'
import { formatTable, span, terminalWidth, took } from '../output.ts'
import { errorLine, icon, number } from '../progress.ts'
import { printResult, quoted } from '../watching.ts'
import { line } from './line.ts'

type Described = NamedJob & { attempts: AttemptView[] }
type Failure = { name?: string; message?: string; step?: string; stack?: string }

/** So many jobs are shown, and so many of those that went wrong are told of. */
const maxJobs = 200
const maxTold = 20

/** All about a run: how it stands, its jobs, what each try of those that went wrong came to, and what to do next. */
export const describeRun = async (io: Io, context: Context, options: Options, typed: string): Promise<number> => {
  const id = await resolveRun(context, typed)
  const { run, plan } = await snapshot(context, id)
  const [root, all] = await Promise.all([
    readRoot(context.sql, id),
    listJobs(context.sql, { run: id, limit: maxJobs + 1 }),
  ])
  const shown = all.slice(0, maxJobs)
  const attempts = await listAttempts(context.sql, { run: id, ns: shown.map(job => job.n) })
  const jobs = nameJobs(plan, shown).map(job => ({ ...job, attempts: attempts.filter(attempt => attempt.n === job.n) }))
  const data = { ...run, id: printId(run.id), output: root?.output ?? null, error: root?.error ?? null, jobs }
  if (options.output !== undefined && options.output !== 'table') {
    printResult(io, options.output, data, data.id, null)
    return 0
  }
  const say = (title: string, value: string) => io.out(line(title, value))
  const labels = Object.entries((run.labels ?? {}) as object).map(([label, value]) => `${label}=${value}`)
  say('Run', `${data.id}  (${run.name}, revision ${run.revision})`)
  say(
    'State',
    `${icon(run.state)} ${run.state}   ${run.started_at.toISOString()} → ${run.ended_at?.toISOString() ?? '…'}  (${took(run.started_at, run.ended_at ?? new Date())})`,
  )
  say('Trigger', run.fire_time ? `${run.trigger} (${dueText(run.fire_time, run.started_at)})` : run.trigger)
  say('Trace', run.id.replaceAll('-', ''))
  if (labels.length > 0) say('Labels', labels.join(', '))
  say('Input', clip(JSON.stringify(run.input)))
  if (run.reason) say('Reason', run.reason)
  if (run.warnings) say('Warnings', `${run.warnings} (failures that were allowed)`)
  if (data.error) say('Error', errorText(data.error as Failure))
  if (data.output !== null) say('Output', clip(JSON.stringify(data.output)))
  io.out('Jobs:')
  io.out(jobTable(plan, jobs))
  if (all.length > shown.length) io.out(`  the first ${number(maxJobs)}; all: tq get jobs ${shortId(id)}`)
  const told = jobs.filter(wentWrong)
  for (const job of told.slice(0, maxTold)) for (const text of troubles(plan, job)) io.out(text)
  if (told.length > maxTold) io.out(`  and ${told.length - maxTold} more: tq get jobs ${shortId(id)} --state failed`)
  const changed = codeChanges(jobs)
  if (changed.length > 0) io.out(`Handlers that changed within the run: ${changed.join(', ')}`)
  say('Next', nextOf(shortId(id), run.ended_at !== null, told[0]).join(' · '))
  return 0
}

const jobTable = (plan: Plan, jobs: Described[]): string =>
  formatTable(
    {
      header: ['  NAME', 'KIND', 'STATE', 'ATTEMPTS', 'WAITED', 'RAN', 'WORKER', 'QUEUE'],
      rows: jobs.map(job => [
        `  ${job.job || '(run)'}`,
        job.kind,
        `${icon(job.state)} ${job.state}`,
        job.kind === 'task' ? triesOf(plan, job) : '',
        job.kind === 'task' ? took(job.ready_at, job.started_at) : '',
        took(job.started_at, job.ended_at),
        job.worker ?? '',
        job.queue ?? '',
      ]),
    },
    terminalWidth() ?? Number.POSITIVE_INFINITY,
  )

/** `2/4`: tries, of those it may have. */
const triesOf = (plan: Plan, job: Described): string => {
  const tries = job.attempts.filter(one => one.started_at).length || (job.ended_at ? 0 : job.attempt)
  const max = (retryOf(plan, job)?.max ?? 0) + 1
  return tries === 0 ? '' : max > 1 ? `${tries}/${max}` : String(tries)
}
const retryOf = (plan: Plan, { job }: Described) =>
  plan.nodes.find(node => node.kind === 'task' && node.path === job.replaceAll(/\[\d+\]/g, ''))?.retry

const wentWrong = (job: Described): boolean =>
  job.kind === 'task' &&
  (job.attempts.length > 1 ||
    job.attempts.some(one => !one.final) ||
    job.state === 'failed' ||
    job.state === 'cancelled') &&
  job.job !== ''

/** What went wrong with a job: its error and where that was thrown, and how each of its tries ended. */
const troubles = (plan: Plan, job: Described): string[] => {
  const error = job.error as Failure | null
  const place = error?.stack && placeOf(error.stack)
  const retry = retryOf(plan, job)
  const tries = job.attempts.map((one, i) => {
    const before = job.attempts[i - 1]
    const waited =
      before && one.started_at ? `${span(one.started_at.getTime() - before.ended_at.getTime())} later ` : ''
    const said = one.error && one.state !== 'succeeded' ? `: ${errorText(one.error as Failure)}` : ''
    return `    attempt ${one.attempt}  ${waited}${one.state} after ${took(one.started_at, one.ended_at)}${said}${one.worker ? `  (${one.worker})` : ''}`
  })
  return [
    `  ${job.job}: ${error && job.state !== 'succeeded' ? errorText(error) : job.state}${place ? `   at ${place}` : ''}`,
    ...(tries.length > 1 || (tries.length > 0 && job.ended_at === null) ? tries : []),
    ...(retry && job.attempts.length > 1
      ? [`    retries: ${retry.backoff} ${delayText(retry)}, jitter ${retry.jitter}`]
      : []),
    ...(job.state === 'scheduled' && job.ready_at
      ? [`    the next try comes ${formatMoment(job.ready_at.getTime())}`]
      : []),
  ]
}

const delayText = ({ backoff, delayMs, maxDelayMs }: RetryPolicy): string =>
  backoff === 'fixed' ? span(delayMs) : `from ${span(delayMs)} to ${span(maxDelayMs)}`

/** The place in the handler where an error was thrown: the first that is in no package. */
const placeOf = (stack: string): string | null => {
  const own = stack.split('\n').find(text => /:\d+:\d+\)?$/.test(text) && !/node_modules|node:/.test(text))
  return /(?:file:\/\/)?([^\s(]+:\d+:\d+)\)?$/.exec(own ?? '')?.[1] ?? null
}

const nextOf = (id: string, over: boolean, wrong: Described | undefined): string[] => {
  const step = wrong ? `${id}/${quoted(wrong.job)}` : id
  if (!over) return [`tq watch ${id}`, `tq why ${id}`, `tq logs ${step} -f`]
  return wrong ? [`tq logs ${step}`, `tq why ${id}`] : [`tq logs ${id}`, `tq graph ${id}`]
}

/** `due 2027-01-31T08:00:00Z, started 41 ms after`. */
const dueText = (due: Date, started: Date): string =>
  `due ${formatMoment(due.getTime())}, started ${span(started.getTime() - due.getTime())} after`

/** Tasks of which more than one handler hash ran (semantics A2). */
const codeChanges = (jobs: { job: string; attempts: { code: string | null }[] }[]): string[] => {
  const seen = new Map<string, Set<string>>()
  for (const job of jobs) {
    const path = job.job.replaceAll(/\[\d+\]/g, '')
    for (const { code } of job.attempts) if (code) seen.set(path, (seen.get(path) ?? new Set()).add(code))
  }
  return [...seen].filter(([, codes]) => codes.size > 1).map(([path, codes]) => `${path} (${[...codes].join(' → ')})`)
}

const errorText = ({ name = 'Error', message = '', step }: Failure): string => {
  return `${step ? `${step}: ` : ''}${clip(errorLine({ name, message }))}`
}
const clip = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text)
