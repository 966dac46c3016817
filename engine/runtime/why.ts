import { formatDuration } from '../model/duration.ts'
import type { JobState } from '../model/state.ts'
import type { Plan } from '../model/plan.ts'
import type { JobView } from '../store/view.ts'
import { listSessions, type SessionRow } from '../store/session.ts'
import { openJobs, type OpenJob, type QueueLoad, queueLoads } from '../store/why.ts'
import type { Context } from './context.ts'
import { formatRate } from './limit.ts'
import type { LoadedPlan } from './plans.ts'
import { handlerAgainMs, isAt, jobPaths, lostLimit } from '../model/job.ts'

/** Why jobs of a run do not move; `jobs` of them alike. */
export type Reason = {
  /** The step's path; with its position where it is one item of a forEach. */
  job: string
  state: JobState
  jobs: number
  /** A sentence. */
  why: string
  /** What people can do about it. */
  way: string | null
  /** It does not move unless somebody does that. */
  stuck: boolean
}

/** So many open jobs are looked at: those of a wide forEach are alike. */
const maxJobs = 1000

/**
 * Why a run does not move: for each open job that could, and for each that waits for others, what it waits for. Jobs that
 * are alike are told of once, those that could move first.
 *
 * @param step only of jobs there and below: `each[2]/mail`, or `each/mail` of all items
 */
export const why = async (
  context: Context,
  { run, plan, step = '', limit = maxJobs }: { run: string; plan: number; step?: string; limit?: number },
): Promise<Reason[]> => {
  const { sql, namespace } = context
  const [loaded, jobs, sessions] = await Promise.all([
    context.plan(plan),
    openJobs(sql, { run, limit }),
    listSessions(sql, { namespace }),
  ])
  const loads = await queueLoads(sql, [...new Set(jobs.map(job => job.queue))])
  const queues = new Map(loads.map(load => [load.id, load]))
  const paths = jobPaths(loaded.nodes, jobs)
  const asked = step === '' ? jobs : jobs.filter(job => isAt(paths.get(job.n)!, step, { below: true }))
  const reasons = asked.map(job => ({ job, ...reasonOf(job, { loaded, jobs, sessions, queues }) }))
  const alike = new Map<string, Reason>()
  for (const { job, state, why: sentence, way, stuck = false } of reasons) {
    const key = `${job.node} ${state} ${sentence}`
    const known = alike.get(key)
    if (known) known.jobs++
    else alike.set(key, { job: paths.get(job.n)!, state, jobs: 1, why: sentence, way, stuck })
  }
  return [...alike.values()]
}

/** Why a step that has ended did so. `job` undefined: of a run that never came to it. */
export const whyEnded = (plan: Plan, jobs: JobView[], job: JobView): string => {
  const { state, error, node, parent } = job
  const { name, message } = (error ?? {}) as { name?: string; message?: string }
  if (state === 'succeeded') return 'it has succeeded'
  if (state === 'skipped') return 'its `when` was false'
  if (state !== 'omitted')
    return `it has ${state === 'failed' ? 'failed' : 'been cancelled'}: ${name}: ${firstLine(message ?? '')}`
  const sources = plan.nodes.flatMap((one, id) => (one.edges?.some(edge => edge.to === node) ? [id] : []))
  const before = jobs.filter(
    other => other.parent === parent && sources.includes(other.node) && other.state !== 'succeeded',
  )
  const said = before.map(
    other =>
      `${plan.nodes[other.node]!.path} ${other.state === 'omitted' ? 'was omitted' : other.state === 'skipped' ? 'was skipped' : other.state}`,
  )
  return `it can no longer be reached${said.length > 0 ? `: ${said.join(', ')}` : ''}`
}

type Known = { loaded: LoadedPlan; jobs: OpenJob[]; sessions: SessionRow[]; queues: Map<number, QueueLoad> }
type Said = { state: JobState; why: string; way: string | null; stuck?: boolean }

const reasonOf = (job: OpenJob, known: Known): Said => {
  if (job.phase === 'scheduled') return scheduled(job, known)
  if (job.phase === 'blocked') return { state: 'blocked', why: blocked(job, known), way: null }
  if (job.phase === 'waiting') return { state: 'waiting', why: open(job, known), way: null }
  return job.worker === null ? queued(job, known) : held(job)
}

const held = ({ worker, pid, expiredMs, doomed, failures, lost }: OpenJob): Said => {
  const who = `worker ${worker} (pid ${pid})`
  if (expiredMs !== null && expiredMs > 0)
    return {
      state: 'running',
      why: `${who} held it and has not been heard of for ${span(expiredMs)}; it is given back as soon as a worker looks`,
      way: 'tq worker, or tq dev, where none is up',
    }
  if (doomed)
    return {
      state: 'running',
      why: `it is cancelled; ${who} has told its handler to stop`,
      way: 'tq cancel RUN --force kills it',
    }
  return {
    state: 'running',
    why: `${who} runs it, attempt ${failures + lost + 1}`,
    way: 'what it does: tq logs RUN/STEP -f',
  }
}

const queued = (job: OpenJob, { loaded, sessions, queues }: Known): Said => {
  const say = (why: string, way: string | null = null): Said => ({ state: 'queued', why, way, stuck: way !== null })
  const task = loaded.nodes[job.node]!.task
  if (sessions.length === 0)
    return say(
      `no worker is up${task ? `, so none serves queue ${task.queue}` : ''}`,
      'start one: tq worker, or tq dev',
    )
  if (job.queue === 0 || !task) return say('it is about to be decided; any worker does that')
  const load = queues.get(job.queue)!
  const { name } = load
  const serving = sessions.filter(session => !session.draining && session.queues.includes(name))
  if (load.paused) return say(`queue ${name} is paused`, `set paused: false in its Queue manifest, and tq apply`)
  if (serving.length === 0)
    return say(
      `no worker serves queue ${name}; ${names(sessions)} ${sessions.length === 1 ? 'serves' : 'serve'} others`,
      `start one: tq worker -Q ${name}; or tell one: tq control add-queue ${name}`,
    )
  const able = serving.filter(session => session.handlers.includes(task.handler))
  if (able.length === 0)
    return say(`no worker that serves queue ${name} has the handler ${task.handler}`, handlerWay(task.handler))
  if (load.concurrency !== null && load.running >= load.concurrency)
    return say(`queue ${name} runs ${load.concurrency} at once (its concurrency), and that many run; ${ahead(job)}`)
  if (load.rate_count !== null && load.rate_ms !== null)
    return say(
      `queue ${name} gives ${formatRate({ count: load.rate_count, ms: load.rate_ms })} (its rateLimit); ${ahead(job)}`,
    )
  const children = serving.reduce((sum, session) => sum + session.concurrency, 0)
  if (children === 0)
    return say(`${names(serving)} ${serving.length === 1 ? 'has' : 'have'} no child processes`, 'tq control pool-grow')
  const busy = `${names(serving)} ${serving.length === 1 ? 'is' : 'are'} busy with other jobs; ${ahead(job)}`
  return { ...say(busy, 'more at once: tq control pool-grow, or another tq worker'), stuck: false }
}

const scheduled = ({ dueMs, failures, lost, error, node }: OpenJob, { loaded, sessions }: Known): Said => {
  const say = (why: string, way: string | null = null): Said => ({ state: 'scheduled', why, way, stuck: way !== null })
  const when = dueMs < 0 ? `in ${span(-dueMs)}` : 'now'
  const { retry, task } = loaded.nodes[node]!
  const missing = task && sessions.length > 0 && !sessions.some(session => session.handlers.includes(task.handler))
  if (missing)
    return say(
      `no worker has the handler ${task.handler}; it is looked for again every ${span(handlerAgainMs)}`,
      handlerWay(task.handler),
    )
  if (failures > 0 && error)
    return say(
      `it failed with ${error.name}: ${firstLine(error.message)}; retry ${failures} of ${retry?.max ?? failures} comes ${when}`,
    )
  if (lost > 0) return say(`it lost its worker ${lost} of ${lostLimit} times; it is tried again ${when}`)
  return say(`its time comes ${when}`)
}

/** Of the siblings that it needs, those that have not ended. */
const blocked = (job: OpenJob, { loaded, jobs }: Known): string => {
  const sources = loaded.nodes.flatMap((node, id) => (node.edges?.some(edge => edge.to === job.node) ? [id] : []))
  const open = jobs.filter(other => other.parent === job.parent && sources.includes(other.node))
  const paths = [...new Set(open.map(other => loaded.nodes[other.node]!.path))]
  return paths.length > 0
    ? `it waits for ${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ' and others' : ''}`
    : `it waits for ${job.pending} others`
}

const open = ({ n, pending }: OpenJob, { jobs }: Known): string => {
  const inside = jobs.filter(other => other.parent === n).length
  return `it is open: ${Math.max(pending, inside)} of what is inside have not ended`
}

const ahead = ({ before }: OpenJob): string =>
  before === 0
    ? 'it is the next'
    : before >= 10_000
      ? '10,000 jobs or more go before it'
      : `${before} ${before === 1 ? 'job goes' : 'jobs go'} before it`
const handlerWay = (handler: string): string =>
  `put ${handler}.ts into the workers' tasks/ and start them again (tq dev sees it by itself)`
const names = (sessions: SessionRow[]): string => {
  const all = sessions.map(session => session.worker)
  return all.length > 3 ? `${all.length} workers` : `worker${all.length === 1 ? '' : 's'} ${all.join(', ')}`
}
const span = (ms: number): string =>
  formatDuration(ms < 1000 ? Math.max(1, Math.round(ms)) : Math.round(ms / 1000) * 1000)
const firstLine = (text: string): string => text.split('\n')[0]!.slice(0, 200)
