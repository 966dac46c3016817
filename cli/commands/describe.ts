import {
  type Context,
  type Kind,
  kindWords,
  listAttempts,
  formatMoment,
  listJobs,
  noSuchManifest,
  printId,
  readManifest,
  readRoot,
  resolveRun,
  shortId,
  snapshot,
  TqError,
} from '../../engine/reader.ts'
import { connected } from '../connect.ts'
import type { Io } from '../io.ts'
import { nameJobs } from '../jobs.ts'
import { formatTable, span, took } from '../output.ts'
import { linesOfSchedule, stateOfSchedule } from '../schedules.ts'
import { errorLine, icon } from '../progress.ts'
import { printResult } from '../watching.ts'
import { yamlText } from '../yaml.ts'
import type { Action, Options } from './index.ts'

const describe: Action = (io, options, what, name) =>
  connected(io, async context => {
    // `tq describe schedule/nightly` is as good as `tq describe schedule nightly`.
    const [word = '', rest] = name === undefined ? String(what).split('/', 2) : [String(what), String(name)]
    const kind = Object.hasOwn(kindWords, word) ? kindWords[word] : undefined
    if (kind && rest) return describeManifest(io, context, options, kind, rest)
    if (/^runs?$/.test(word) && rest) return describeRun(io, context, options, rest)
    // `tq describe @latest` is a run.
    if (!kind && name === undefined) return describeRun(io, context, options, String(what))
    const kinds = [...new Set(Object.values(kindWords))]
    throw new TqError('USAGE', `write tq describe run RUN, or ${kinds.map(one => `${one} NAME`).join(', ')}`)
  })
export default describe

const describeRun = async (io: Io, context: Context, options: Options, typed: string): Promise<number> => {
  const id = await resolveRun(context, typed)
  const { run, plan } = await snapshot(context, id)
  const [root, all] = await Promise.all([readRoot(context.sql, id), listJobs(context.sql, { run: id, limit: 1000 })])
  const shown = all.slice(0, 200)
  const attempts = await listAttempts(context.sql, { run: id, ns: shown.map(job => job.n) })
  const jobs = nameJobs(plan, shown).map(job => ({ ...job, attempts: attempts.filter(attempt => attempt.n === job.n) }))
  const data = { ...run, id: printId(run.id), output: root?.output ?? null, error: root?.error ?? null, jobs }
  if (options.output !== undefined && options.output !== 'table') {
    printResult(io, options.output, data, data.id, null)
    return 0
  }
  const line = (title: string, value: string) => io.out(`${title.padEnd(10)} ${value}`)
  line('Run:', `${data.id}  (${run.name}, revision ${run.revision})`)
  line(
    'State:',
    `${icon(run.state)} ${run.state}   ${run.started_at.toISOString()} → ${run.ended_at?.toISOString() ?? '…'}  (${took(run.started_at, run.ended_at ?? new Date())})`,
  )
  line('Trigger:', run.fire_time ? `${run.trigger} (${dueText(run.fire_time, run.started_at)})` : run.trigger)
  line('Input:', JSON.stringify(run.input))
  if (run.reason) line('Reason:', run.reason)
  if (run.warnings) line('Warnings:', `${run.warnings} (failures that were allowed)`)
  if (data.error) line('Error:', `${errorText(data.error)}`)
  if (data.output !== null) line('Output:', clip(JSON.stringify(data.output)))
  io.out('Jobs:')
  io.out(
    formatTable(
      {
        header: ['  NAME', 'KIND', 'STATE', 'ATTEMPTS', 'WAITED', 'RAN', 'WORKER'],
        rows: jobs.map(job => [
          `  ${job.job || '(run)'}`,
          job.kind,
          `${icon(job.state)} ${job.state}`,
          job.kind === 'task' ? String(job.attempts.length || job.attempt || '') : '',
          job.kind === 'task' ? took(job.ready_at, job.started_at) : '',
          took(job.started_at, job.ended_at),
          job.worker ?? '',
        ]),
      },
      Number.POSITIVE_INFINITY,
    ),
  )
  if (data.error || jobs.some(job => job.state === 'failed')) io.out(`Logs:      tq logs ${shortId(id)}`)
  if (all.length > shown.length) io.out(`  … and more: tq get jobs ${typed}`)
  for (const job of jobs
    .filter(job => job.kind === 'task' && job.job && job.error && job.state !== 'succeeded' && job.state !== 'omitted')
    .slice(0, 20))
    io.out(`  ${job.job || '(run)'}: ${errorText(job.error)}`)
  const changed = codeChanges(jobs)
  if (changed.length > 0) io.out(`Handlers that changed within the run: ${changed.join(', ')}`)
  return 0
}

/** `due 2027-01-31T08:00:00Z, started 41 ms after`. */
const dueText = (due: Date, started: Date): string =>
  `due ${formatMoment(due.getTime())}, started ${span(started.getTime() - due.getTime())} after`

const describeManifest = async (
  io: Io,
  context: Context,
  options: Options,
  kind: Kind,
  name: string,
): Promise<number> => {
  const row = await readManifest(context.sql, { namespace: context.namespace, kind, name })
  if (!row) throw await noSuchManifest(context, [kind], name)
  if (options.output !== undefined && options.output !== 'table')
    printResult(io, options.output, { ...row, ...(await stateOf(context, kind, name)) }, `${kind}/${name}`, null)
  else {
    io.out(
      `Name:      ${kind}/${name}\nRevision:  ${row.revision}, applied ${row.applied_at.toISOString()} from ${row.file}\nHash:      ${row.hash.slice(0, 12)}`,
    )
    if (kind === 'schedule') for (const line of await linesOfSchedule(context, name)) io.out(line)
    io.out(yamlText((row.document as { spec?: unknown }).spec ?? {}))
  }
  return 0
}

/** What has become of it, beside what it is. */
const stateOf = async (context: Context, kind: Kind, name: string): Promise<object> =>
  kind === 'schedule' ? { state: await stateOfSchedule(context, name) } : {}

/** Tasks of which more than one handler hash ran (semantics A2). */
const codeChanges = (jobs: { job: string; attempts: { code: string | null }[] }[]): string[] => {
  const seen = new Map<string, Set<string>>()
  for (const job of jobs) {
    const path = job.job.replace(/\[\d+\]$/, '')
    for (const { code } of job.attempts) if (code) seen.set(path, (seen.get(path) ?? new Set()).add(code))
  }
  return [...seen].filter(([, codes]) => codes.size > 1).map(([path, codes]) => `${path} (${[...codes].join(' → ')})`)
}

const errorText = (error: unknown): string => {
  const { name = 'Error', message = '', step } = error as { name?: string; message?: string; step?: string }
  return `${step ? `${step}: ` : ''}${clip(errorLine({ name, message }))}`
}
const clip = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text)
