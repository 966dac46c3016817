import { stripVTControlCharacters } from 'node:util'
import type { JobState, Plan, PlanNode, Progress, RunState, Shown, WatchedNode } from '../engine/reader.ts'
import { span } from './output.ts'

/** A node of the plan as people see it: one job, or the counts of many. */
export type Row = {
  path: string
  /** The last segment of its path, the line's name in the tree. */
  label: string
  kind: PlanNode['kind']
  /** How many rows it stands under. */
  depth: number
  state: JobState
  /** Items of a forEach, or what is inside of them: `counts` says how they stand. */
  many: boolean
  done: boolean
  counts: Partial<Record<JobState, number>>
  /** Items in all, where that is known. */
  total: number | null
  attempts: number
  /** Attempts it may have; null: without a limit that is known. */
  limit: number
  /** Labels of the steps it waits for. */
  waitsFor: string[]
  queue: string | null
  worker: string | null
  startedAt: Date | null
  /** When a retry is due. */
  dueAt: Date | null
  endedAt: Date | null
  error: { name?: string; message?: string } | null
  /** Of many, some that are told of by themselves: those that failed last, and those that run longest. */
  shown: ShownItem[]
  progress: Progress | null
}

/** An item of a forEach that has a line of its own. */
export type ShownItem = {
  state: JobState
  item: number
  /** Ms since 1970: when it became ready, or ended. */
  sinceMs: number
  worker: string | null
  error: Row['error']
  progress: Progress | null
}

const icons: Record<JobState | RunState, string> = {
  blocked: '◷',
  queued: '◷',
  scheduled: '↻',
  running: '▷',
  waiting: '▷',
  cancelling: '▷',
  succeeded: '✓',
  failed: '✖',
  cancelled: '⊘',
  skipped: '↷',
  omitted: '↷',
}
export const icon = (state: JobState | RunState): string => icons[state]

const open: JobState[] = ['running', 'waiting', 'scheduled', 'queued', 'blocked']
const over: JobState[] = ['failed', 'cancelled', 'succeeded', 'skipped', 'omitted']

/**
 * The plan's nodes with what is known of their jobs, in the order of the manifest. Nodes without a job yet are blocked;
 * an `onError` or `finally` shows once it has one; a header and a forEach's child are shown by what is around them.
 */
export const rows = (plan: Plan, counts: WatchedNode[], progress: Map<string, Progress> = new Map()): Row[] => {
  const by = Map.groupBy(counts, count => count.node)
  const shown = plan.nodes.map((_, id) => isShown(plan, id, by))
  return plan.nodes.flatMap((node, id): Row[] => {
    if (!shown[id]) return []
    const own = by.get(id) ?? []
    const loops = node.kind === 'forEach'
    const items = loops ? (by.get(id + 1) ?? []) : own
    const state = [...open, ...over].find(one => own.some(count => count.state === one)) ?? 'blocked'
    const inside = counts.filter(count => count.node >= id && count.node < node.end && hasStarted(count.state))
    const jobs = items.reduce((sum, count) => sum + count.jobs, 0)
    const task = node.task ?? (loops ? plan.nodes[id + 1]!.task : undefined)
    const heard = (job: Shown | undefined) => (job && progress.get(`${job.n}/${job.attempt}`)) ?? null
    return [
      {
        path: node.path,
        label: node.path.split('/').at(-1)!,
        kind: node.kind,
        depth: ancestors(plan, id).filter(one => shown[one]).length,
        state,
        many: loops || jobs > 1,
        done: over.includes(state) && !own.some(count => open.includes(count.state)),
        counts: tally(items),
        total: loops ? (own[0]?.total ?? (over.includes(state) ? jobs : null)) : null,
        attempts: node.kind === 'task' ? Math.max(0, ...own.map(count => count.attempts)) : 0,
        limit: (node.retry?.max ?? 0) + 1,
        waitsFor: sources(plan, id, shown).map(source => plan.nodes[source]!.path.split('/').at(-1)!),
        queue: task?.queue ?? null,
        worker: own.find(count => count.worker)?.worker ?? null,
        startedAt: earliest(inside.map(count => count.started_at)),
        dueAt: state === 'scheduled' ? earliest(own.map(count => count.started_at)) : null,
        endedAt: over.includes(state) ? latest(own.map(count => count.ended_at)) : null,
        error: (errorOf(own, state) ?? errorOf(items, 'scheduled')) as Row['error'],
        shown: loops ? shownItems(items, heard) : [],
        progress: state === 'running' ? heard(own.find(count => count.shown)?.shown?.[0]) : null,
      },
    ]
  })
}

const errorOf = (counts: WatchedNode[], state: JobState) =>
  counts.find(count => count.state === state && count.error)?.error ?? null

/** Failed ones first. */
const shownItems = (items: WatchedNode[], heard: (job: Shown) => Progress | null): ShownItem[] =>
  (['failed', 'running'] as const).flatMap(state =>
    items
      .filter(count => count.state === state)
      .flatMap(count => count.shown ?? [])
      .map(job => ({
        state,
        item: job.item ?? 0,
        sinceMs: new Date(job.since).getTime(),
        worker: job.worker ?? null,
        error: job.error ?? null,
        progress: heard(job),
      })),
  )

const isShown = (plan: Plan, id: number, by: Map<number, WatchedNode[]>): boolean => {
  const node = plan.nodes[id]!
  const parent = plan.nodes[node.parent]
  if (id === 0) return node.kind === 'task'
  if (node.kind === 'any' || parent?.kind === 'forEach') return false
  if (node.kind === 'group' && parent?.kind === 'chord' && node.path.endsWith('/header')) return false
  return node.role === 'member' || by.has(id)
}

/** What a node waits for; for those that are not shown, what they are made of or wait for themselves. */
const sources = (plan: Plan, id: number, shown: boolean[]): number[] =>
  plan.nodes.flatMap((source, from) => {
    if (!source.edges?.some(edge => edge.to === id)) return []
    if (shown[from]) return [from]
    return source.kind === 'any'
      ? sources(plan, from, shown)
      : plan.nodes.flatMap((inner, i) => (inner.parent === from && shown[i] ? [i] : []))
  })

const ancestors = (plan: Plan, id: number): number[] => {
  const found: number[] = []
  for (let at = plan.nodes[id]!.parent; at >= 0; at = plan.nodes[at]!.parent) found.push(at)
  return found
}

const hasStarted = (state: JobState): boolean =>
  !['blocked', 'queued', 'scheduled', 'waiting', 'skipped', 'omitted'].includes(state)

const tally = (counts: WatchedNode[]): Row['counts'] => {
  const sums: Row['counts'] = {}
  for (const { state, jobs } of counts) sums[state] = (sums[state] ?? 0) + jobs
  return sums
}

/** How long it has run, or ran: empty before it starts. A container's time begins with the first of its jobs. */
export const timeText = (row: Row, now?: Date): string => {
  const until = row.endedAt ?? (row.done ? undefined : now)
  return row.startedAt && until && !['skipped', 'omitted', 'blocked', 'queued'].includes(row.state)
    ? span(until.getTime() - row.startedAt.getTime())
    : ''
}

/** What a row says behind its name: counts, attempts, what it waits for, the error. */
export const stateText = (row: Row, now: Date): string => {
  const parts = row.many ? [countsText(row)] : [row.done && row.state !== 'succeeded' && !row.error ? row.state : '']
  if (row.state === 'blocked' && row.waitsFor.length > 0) parts.push(`waits for ${row.waitsFor.join(', ')}`)
  if (row.state === 'queued' && !row.many && row.queue !== null) parts.push(`in queue ${row.queue}`)
  if (row.progress) parts.push(progressText(row.progress))
  if (row.dueAt && !row.many) parts.push(`again in ${span(Math.max(0, row.dueAt.getTime() - now.getTime()))}`)
  if (!row.many && row.attempts > 1)
    parts.push(row.limit > 1 ? `attempt ${row.attempts} of ${row.limit}` : `attempt ${row.attempts}`)
  if (row.error?.message && row.state !== 'succeeded') parts.push(errorLine(row.error))
  return parts.filter(Boolean).join('  ')
}

/** An error in one line without control characters. */
export const errorLine = (error: { name?: string; message?: string }): string =>
  plain(`${error.name ?? 'Error'}: ${(error.message ?? '').split('\n')[0]}`)

/** What a handler wrote may not move the cursor. */
export const plain = (text: string): string => stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, ' ')

/** The same; its line ends stay. */
export const plainLines = (text: string): string => text.split('\n').map(plain).join('\n')

/** `62 %  uploading`, as the handler has told of it. */
export const progressText = ({ fraction, message }: Progress): string =>
  plain(message.split('\n')[0]!) || `${Math.round(fraction * 100)} %`

/** `1,000✓ 3✖ 57▷ of 100,000` while items are open, `245 succeeded, 25 failed` at the end; states of no item are not named. */
const countsText = ({ counts, total, done, state }: Row): string => {
  const ended = over.reduce((sum, one) => sum + (counts[one] ?? 0), 0)
  const known = total ?? Object.values(counts).reduce((sum, jobs) => sum + jobs, 0)
  if (done) {
    if (known === 0) return state === 'succeeded' ? 'no items' : state
    return (['succeeded', 'failed', 'cancelled', 'skipped', 'omitted'] as const)
      .filter(one => counts[one])
      .map(one => `${number(counts[one]!)} ${one}`)
      .join(', ')
  }
  if (known === 0) return ''
  const passed = (counts.skipped ?? 0) + (counts.omitted ?? 0)
  const marks = [
    ...(['succeeded', 'failed', 'cancelled'] as const).map(one => [counts[one] ?? 0, icon(one)] as const),
    [passed, icon('skipped')] as const,
    [counts.scheduled ?? 0, icon('scheduled')] as const,
    [(counts.running ?? 0) + (counts.waiting ?? 0), icon('running')] as const,
  ]
  const said = marks.filter(([jobs]) => jobs > 0).map(([jobs, mark]) => `${number(jobs)}${mark}`)
  return [bar(ended / known), ...said, `of ${number(known)}`].join(' ')
}

/** `100,000`. */
export const number = (value: number): string => String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',')

const bar = (share: number): string => {
  const filled = Math.min(10, Math.floor(share * 10))
  return `${'━'.repeat(filled)}${'╌'.repeat(10 - filled)}`
}

const earliest = (dates: (Date | null)[]): Date | null => pick(dates, (a, b) => a < b)
const latest = (dates: (Date | null)[]): Date | null => pick(dates, (a, b) => a > b)
const pick = (dates: (Date | null)[], better: (a: Date, b: Date) => boolean): Date | null =>
  dates.reduce<Date | null>((best, date) => (date && (!best || better(date, best)) ? date : best), null)
