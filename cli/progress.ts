import type { JobState, NodeCount, Plan, RunState } from '../engine/client.ts'
import { span } from './output.ts'

/** A node of the plan as the tree shows it: one job, or the counts of many. */
export type Row = {
  node: number
  path: string
  /** Its last segment, and what it is. */
  label: string
  depth: number
  state: JobState
  many: boolean
  done: boolean
  counts: Partial<Record<JobState, number>>
  attempts: number
  worker: string | null
  startedAt: Date | null
  endedAt: Date | null
  error: { name?: string; message?: string } | null
}

const icons: Record<JobState | RunState, string> = {
  blocked: '◷', queued: '◷', scheduled: '↻', running: '▷', waiting: '▷', cancelling: '▷', succeeded: '✓', failed: '✖', cancelled: '⊘', skipped: '↷', omitted: '↷',
}
export const icon = (state: JobState | RunState): string => icons[state]

const open: JobState[] = ['running', 'waiting', 'scheduled', 'queued', 'blocked']
const over: JobState[] = ['failed', 'cancelled', 'succeeded', 'skipped', 'omitted']

/** The plan's nodes with what is known of their jobs, in the order of the manifest. Nodes that have no job yet are blocked. */
export const rows = (plan: Plan, counts: NodeCount[]): Row[] => {
  const by = new Map<number, NodeCount[]>()
  for (const count of counts) by.set(count.node, [...(by.get(count.node) ?? []), count])
  return plan.nodes.flatMap((node, id): Row[] => {
    const hidden = id === 0 || node.kind === 'any' || plan.nodes[node.parent]?.kind === 'forEach' || (node.role !== 'member' && !by.has(id))
    if (hidden || (node.kind === 'group' && node.path === plan.nodes[node.parent]?.path)) return []
    const own = by.get(id) ?? []
    const items = node.kind === 'forEach' ? (by.get(id + 1) ?? []) : own
    const list = node.kind === 'forEach' && items.length > 0 ? items : own
    const jobs = list.reduce((sum, count) => sum + count.jobs, 0)
    const states = new Map<JobState, number>()
    for (const count of list) states.set(count.state, (states.get(count.state) ?? 0) + count.jobs)
    const mine = node.kind === 'forEach' ? own : list
    const state = [...open, ...over].find(one => mine.some(count => count.state === one)) ?? 'blocked'
    const times = list.filter(count => over.includes(count.state))
    return [{
      node: id,
      path: node.path,
      label: `${node.path.split('/').at(-1)}${node.kind === 'task' || node.kind === 'forEach' ? '' : `  (${node.kind})`}`,
      depth: node.path.split('/').length - 1,
      state,
      many: jobs > 1 || node.kind === 'forEach',
      done: over.includes(state),
      counts: Object.fromEntries(states),
      attempts: Math.max(0, ...list.map(count => count.attempts)),
      worker: list.find(count => count.worker)?.worker ?? null,
      startedAt: earliest(list.map(count => count.started_at)),
      endedAt: over.includes(state) ? latest(times.map(count => count.ended_at)) : null,
      error: (list.find(count => count.state === state && count.error)?.error as Row['error']) ?? null,
    }]
  })
}

/** What a row says behind its name: counts, times, attempts, the error. */
export const stateText = (row: Row, now?: Date): string => {
  const parts: string[] = []
  if (row.many) parts.push(Object.entries(row.counts).filter(([state]) => state !== 'blocked').map(([state, jobs]) => `${jobs} ${state}`).join(', '))
  if (!row.many || !row.done) parts.push(row.many ? '' : row.state)
  const until = row.endedAt ?? (row.state === 'running' || row.state === 'waiting' ? now : undefined)
  if (row.startedAt && until && row.state !== 'skipped' && row.state !== 'omitted') parts.push(span(until.getTime() - row.startedAt.getTime()))
  if (!row.many && row.attempts > 1 && row.state !== 'waiting') parts.push(`attempt ${row.attempts}`)
  if (row.error?.message && row.state !== 'succeeded') parts.push(`${row.error.name}: ${row.error.message.split('\n')[0]}`)
  return parts.filter(Boolean).join('  ')
}

const earliest = (dates: (Date | null)[]): Date | null => pick(dates, (a, b) => a < b)
const latest = (dates: (Date | null)[]): Date | null => pick(dates, (a, b) => a > b)
const pick = (dates: (Date | null)[], better: (a: Date, b: Date) => boolean): Date | null =>
  dates.reduce<Date | null>((best, date) => (date && (!best || better(date, best)) ? date : best), null)
