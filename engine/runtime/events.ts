import { eventTypes, typesOf, type EventCode, type EventType } from '../model/event.ts'
import type { Json, JsonObject } from '../model/json.ts'
import { type Batch, maxToldValue, readBatches, setEvents, transactions } from '../store/event.ts'
import { endedAttempts } from '../store/outcome.ts'
import { readRuns, type RunRow } from '../store/run.ts'
import { readSessions, type SessionRow as Row } from '../store/session.ts'
import type { Context } from './context.ts'
import type { LoadedPlan } from './plans.ts'
import { pathOf } from '../model/job.ts'

/** A fact about a run, a job or a worker, as CloudEvents 1.0 has it. Its `data` by type: schemas/events.json, docs/events.md. */
export type CloudEvent = {
  specversion: '1.0'
  /** Unique with `source`: the same again is the same event, told twice. */
  id: string
  source: string
  type: EventType
  subject: string
  time: string
  datacontenttype: 'application/json'
  /** W3C trace context: the trace is the run, the span an attempt. */
  traceparent?: string
  data: JsonObject
}

/** Turns a namespace's events on or off, for all workers: they look when they are told, and every few seconds. */
export const switchEvents = async (context: Context, events: boolean): Promise<void> => {
  await setEvents(context.sql, { namespace: context.namespace, events })
  await context.lookAtEvents()
  context.broker.broadcast({ type: 'queues' })
}

/** Events in their order, and where to go on. */
export type Page = { events: CloudEvent[]; position: number; more: boolean }

/** Batches that are read at once: a few thousand events. */
const pageSize = 20
/** A transaction's number may be taken this long before it is known as one under way. */
const graceMs = 1000

export type EventReader = { read(): Promise<Page> }

/**
 * Reads the outbox from a position on. A number that is missing may belong to a transaction that has not committed: nothing
 * after it is told until it has, or none is left that could. So events come in the order in which they were written, each job's
 * in the order of what happened to it, and none is passed over.
 *
 * @param only types that are wanted: for others nothing is looked up. Default: all
 */
export const openEvents = (context: Context, after: number, only: EventType[] | null = null): EventReader => {
  const { sql, namespace } = context
  const expand = openExpander(context, only)
  let position = after
  let gap: { at: number; next: number; since: number } | null = null

  /** True once nobody can fill it any more. */
  const isDead = async (at: number, open: number): Promise<boolean> => {
    if (gap?.at !== at) {
      gap = { at, next: (await transactions(sql)).next, since: performance.now() }
      return false
    }
    return open >= gap.next && performance.now() - gap.since > graceMs
  }
  return {
    async read() {
      // Before the batches: who has committed since is in them.
      const open = gap ? (await transactions(sql)).open : 0
      const batches = await readBatches(sql, { after: position, limit: pageSize })
      const sure: Batch[] = []
      let last = position
      for (const batch of batches) {
        if (batch.id !== last + 1 && !(await isDead(last, open))) break
        if (gap && gap.at === last) gap = null
        last = batch.id
        sure.push(batch)
      }
      const events = await expand(sure)
      position = last
      const known = events.filter(event => event.source === sourceOf(namespace))
      return { events: known, position, more: sure.length === pageSize }
    },
  }
}

const sourceOf = (namespace: string): string => `/tq/${namespace}`

type SessionRow = Pick<Row, 'worker' | 'host' | 'pid'>
type Found = { row: RunRow; plan: LoadedPlan | null }

/** Makes events of what the outbox has: names, errors and results are looked up once for all of a page. */
const openExpander = (context: Context, only: EventType[] | null) => {
  const isWanted = (what: number) => only === null || typesOf(what).some(type => only.includes(type))
  const { sql } = context
  const runs = new Map<string, Found | null>()
  const sessions = new Map<number, SessionRow>()

  const meet = async (batches: Batch[]) => {
    const unknown = [...new Set(batches.flatMap(batch => batch.run ?? []))].filter(
      id => !runs.has(id) || endsRun(batches, id),
    )
    if (runs.size > 5000) runs.clear()
    const rows = unknown.length > 0 ? await readRuns(sql, unknown) : []
    for (const id of unknown) runs.set(id, null)
    for (const row of rows) runs.set(row.id, { row, plan: await context.plan(row.plan).catch(() => null) })
    const strangers = [...new Set(batches.flatMap(batch => batch.session ?? []))].filter(id => !sessions.has(id))
    for (const session of strangers.length > 0 ? await readSessions(sql, strangers) : [])
      sessions.set(session.id, session)
  }

  return async (all: Batch[]): Promise<CloudEvent[]> => {
    const batches = all.filter(batch => batch.what.some(isWanted))
    if (batches.length === 0) return []
    await meet(batches)
    const facts = batches.flatMap(factsOf).filter(fact => isWanted(fact.what))
    const wanted = facts.filter(fact => fact.run !== null && isEnd(fact.what))
    const outcomes = new Map(
      (wanted.length > 0
        ? await endedAttempts(sql, wanted as { run: string; n: number; tries: number }[], maxToldValue)
        : []
      ).map(row => [`${row.run}/${row.n}/${row.tries}`, row]),
    )
    return facts.flatMap(fact => {
      const { batch, run } = fact
      const worker = batch.session === null ? undefined : sessions.get(batch.session)
      if (run === null) return [workerEvent(fact, worker)]
      const found = runs.get(run)
      if (!found) return [] // removed meanwhile: nothing to say it of
      const end = isEnd(fact.what) ? outcomes.get(`${run}/${fact.n}/${fact.tries}`) : undefined
      return typesOf(fact.what).flatMap((type, k) =>
        only?.includes(type) === false
          ? []
          : type.startsWith('run.')
            ? runEvent(fact, type, found, end)
            : jobEvent(fact, type, k, found, worker, end),
      )
    })
  }
}

const endsRun = (batches: Batch[], id: string): boolean =>
  batches.some(batch => batch.what.some((what, i) => what >= 21 && what <= 24 && batch.run?.[i] === id))

type Fact = {
  batch: Batch
  i: number
  what: number
  run: string | null
  n: number
  node: number
  item: number | null
  tries: number
  us: number | null
  input: Json
}
type End = Awaited<ReturnType<typeof endedAttempts>>[number]

const factsOf = (batch: Batch): Fact[] =>
  batch.what.map((what, i) => ({
    batch,
    i,
    what,
    run: batch.run?.[i] ?? null,
    n: batch.n?.[i] ?? 0,
    node: batch.node?.[i] ?? 0,
    item: batch.item?.[i] ?? null,
    tries: batch.tries?.[i] ?? 1,
    us: batch.us?.[i] ?? null,
    input: batch.run && Array.isArray(batch.detail) ? batch.detail[i]! : null,
  }))

/** Those that have an outcome to tell of. */
const ends = new Set<EventType>([
  ...(['job.succeeded', 'job.failed', 'job.cancelled', 'job.retried', 'job.lost'] as const),
  ...(['run.succeeded', 'run.failed', 'run.cancelled'] as const),
])
const isEnd = (what: number): boolean => typesOf(what).some(type => ends.has(type))

const envelope = (
  { batch, i }: Fact,
  type: EventType,
  k: number,
  { namespace, subject, time, data }: { namespace: string; subject: string; time: Date; data: JsonObject },
): CloudEvent => ({
  specversion: '1.0',
  id: `${batch.id}.${i}${k ? `.${k}` : ''}`,
  source: sourceOf(namespace),
  type,
  subject,
  time: time.toISOString(),
  datacontenttype: 'application/json',
  data,
})

const jobEvent = (
  fact: Fact,
  type: EventType,
  k: number,
  { row, plan }: Found,
  worker: SessionRow | undefined,
  end: End | undefined,
): CloudEvent => {
  const node = plan?.nodes[fact.node]
  const path = pathOf(node?.path ?? String(fact.node), fact.item)
  const at = fact.batch.at
  const before = type === 'job.claimed' || type === 'job.started'
  const time = before && fact.us !== null ? new Date(at.getTime() - fact.us / 1000) : at
  return {
    ...envelope(fact, type, k, {
      namespace: row.namespace,
      subject: `${row.id}/${path}`,
      time,
      data: {
        run: row.id,
        workflow: row.name,
        job: `${row.id}/${fact.n}`,
        step: path,
        ...(node?.task ? { task: node.task.name, queue: node.task.queue } : {}),
        ...(node && node.parent >= 0 ? { parent: plan!.nodes[node.parent]!.path } : {}),
        ...(fact.item === null ? {} : { item: fact.item }),
        attempt: fact.tries,
        ...(worker && node?.task && type !== 'job.queued'
          ? { worker: worker.worker, host: worker.host, pid: worker.pid }
          : {}),
        ...inputOf(fact, type, row, end),
        ...(end && ends.has(type) ? endOf(type, node?.task ? fact.us : null, end) : {}),
        ...(type === 'job.released' ? { requeue: true } : {}),
      },
    }),
    traceparent: traceparent(row.id, fact.n, fact.tries),
  }
}

/** A job's input is evaluated when a worker takes it: until then it is known only of a Task that was run by itself. */
const inputOf = (fact: Fact, type: EventType, row: RunRow, end: End | undefined): JsonObject => {
  if (type === 'job.released' || type === 'job.skipped' || type === 'job.omitted') return {}
  const input = (row.kind === 'task' && fact.n === 0 ? small(row.input) : null) ?? fact.input ?? end?.input ?? null
  return input === null ? {} : { input }
}

const small = (value: Json): Json => (JSON.stringify(value).length <= maxToldValue ? value : null)

const endOf = (type: EventType, us: number | null, { error, output, output_bytes }: End): JsonObject => ({
  ...(us === null ? {} : { runtimeMs: us / 1000 }),
  ...(type !== 'job.succeeded' && error !== null ? { error } : {}),
  ...(type === 'job.succeeded' && output_bytes !== null
    ? output_bytes <= maxToldValue
      ? { output }
      : { outputBytes: output_bytes }
    : {}),
})

const runEvent = (fact: Fact, type: EventType, { row }: Found, end: End | undefined): CloudEvent => {
  const state = type === 'run.started' ? 'running' : type.slice('run.'.length)
  const ended = type !== 'run.started' && type !== 'run.cancelling'
  return {
    ...envelope(fact, type, 0, {
      namespace: row.namespace,
      subject: row.id,
      time: fact.batch.at,
      data: {
        run: row.id,
        kind: row.kind,
        workflow: row.name,
        revision: row.revision,
        trigger: row.trigger,
        state,
        ...(type === 'run.started' && small(row.input) !== null ? { input: row.input } : {}),
        ...(row.labels === null ? {} : { labels: row.labels as Json }),
        ...(row.reason !== null && type !== 'run.started' ? { reason: row.reason } : {}),
        ...(ended ? { warnings: row.warnings, runtimeMs: fact.batch.at.getTime() - row.started_at.getTime() } : {}),
        ...(ended && end?.error ? { error: end.error } : {}),
      },
    }),
    traceparent: traceparent(row.id, 0, 1),
  }
}

const workerEvent = (fact: Fact, worker: SessionRow | undefined): CloudEvent =>
  envelope(fact, eventTypes[fact.what as EventCode] ?? 'worker.heartbeat', 0, {
    namespace: fact.batch.namespace,
    subject: worker?.worker ?? String(fact.batch.session),
    time: fact.batch.at,
    data: {
      ...(worker ? { worker: worker.worker, host: worker.host, pid: worker.pid } : {}),
      session: fact.batch.session,
      ...(fact.batch.detail as JsonObject | null),
    },
  })

/** The trace is the run, whose id is as long; the span is the job's number and its attempt, of which neither is zero. */
const traceparent = (run: string, n: number, attempt: number): string =>
  `00-${run.replaceAll('-', '')}-${(n + 1).toString(16).padStart(8, '0')}${attempt.toString(16).padStart(8, '0')}-01`
