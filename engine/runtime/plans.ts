import { follow, type Consequences } from '../model/follow.ts'
import { references } from '../model/expression.ts'
import { inputRoots } from './input.ts'
import type { Plan, PlanNode, Root } from '../model/plan.ts'
import type { EndState } from '../model/state.ts'
import type { Scope } from '../store/job.ts'

/** A plan made ready for work: its tables are computed once per node and process. */
export type LoadedPlan = {
  id: number
  plan: Plan
  nodes: PlanNode[]
  /** Direct members of a container, in order. */
  members: (node: number) => number[]
  /** How many members tell the container that they ended. */
  tellers: (node: number) => number
  /** The rows that come into being when this container opens. */
  scope: (node: number) => Scope
  /** The rows of an onError or finally block, for the job it belongs to. */
  block: (node: number) => Scope
  /** The rows of a new run, the root included. */
  root: () => Scope
  follow: (node: number, state: EndState, allowed: boolean) => Consequences
  /** Where a job of this node goes first: 0 where something is to be decided before. */
  queueOf: (node: number) => number
  /** Its own queue, for a task. */
  ownQueue: (node: number) => number
  rankOf: (node: number) => number
  /** Nodes of one region have one base: a forEach's items and a container's further rounds have their own. */
  region: (node: number) => number
  /** The region of a node's members. */
  innerRegion: (node: number) => number
  /** What a task's job has to read before it runs and when it has ended. */
  taskRoots: (node: number) => Root[]
  /** The names of the secrets in the `with` of tasks, by node; most plans have none. */
  secrets: Map<number, string[]>
  /** What the inputs of a part of the run are made of: what its `with` names, down to what has been stored. */
  passed: (workflow: number) => Root[]
  /** Nodes inside finally blocks: these run in any case. */
  spared: () => Set<number>
}

/** @param queues ids by name, of all queues the plan names */
export const loadPlan = (id: number, plan: Plan, queues: Map<string, number>): LoadedPlan => {
  const { nodes } = plan
  const lists = new Map<number, number[]>()
  nodes.forEach((node, i) => {
    if (node.role !== 'member' || node.parent < 0) return
    const list = lists.get(node.parent)
    if (list) list.push(i)
    else lists.set(node.parent, [i])
  })
  const members = (node: number) => lists.get(node) ?? []
  const tellers = memo((node: number) => members(node).filter(member => nodes[member]!.tells).length)
  const ownQueue = (node: number) => queues.get(nodes[node]!.task?.queue ?? '') ?? 0
  const queueOf = (node: number) => (decidedFirst(nodes[node]!) ? 0 : ownQueue(node))
  const rankOf = (node: number) => (decidedFirst(nodes[node]!) ? 0 : 9 - (nodes[node]!.task?.priority ?? 5))
  const region: (node: number) => number = memo(node => {
    const parent = nodes[node]!.parent
    if (parent < 0) return 0
    if (nodes[parent]!.kind === 'forEach' && nodes[node]!.role === 'member') return node
    return nodes[node]!.role === 'member' ? innerRegion(parent) : region(parent)
  })
  const innerRegion = (node: number): number =>
    nodes[node]!.retry && nodes[node]!.kind !== 'task' ? -1 - node : region(node)
  const ends = memo((key: number) => follow(nodes, Math.floor(key / 16), endOf(key), key % 2 === 1))
  const passed: (workflow: number) => Root[] = memo(workflow =>
    references(nodes[workflow]!.with!).flatMap(root =>
      root.name === 'inputs' && root.of !== undefined ? passed(root.of) : [root],
    ),
  )
  const scopes = { nodes, members, tellers, queueOf, rankOf }
  return {
    id,
    plan,
    nodes,
    members,
    tellers,
    scope: memo(node => columns(members(node).flatMap(member => rowsOf(scopes, member, -1)))),
    block: memo(node => columns(rowsOf(scopes, node, -1))),
    root: memo(() => columns(rowsOf(scopes, 0, -1))) as () => Scope,
    follow: (node, state, allowed) => ends(node * 16 + states.indexOf(state) * 2 + (allowed ? 1 : 0)),
    queueOf,
    ownQueue,
    rankOf,
    region,
    innerRegion,
    taskRoots: memo(node => [
      ...inputRoots(nodes, node),
      ...(nodes[node]!.output ? references(nodes[node]!.output).filter(root => root.name !== 'self') : []),
    ]),
    secrets: new Map(nodes.flatMap((node, i) => secretsIn(node).map(names => [i, names] as const))),
    passed,
    spared: memo(
      () => new Set(nodes.flatMap((node, i) => (node.role === 'finally' ? range(i, node.end) : []))),
    ) as () => Set<number>,
  }
}

/** No list where there is none. */
const secretsIn = (node: PlanNode): string[][] => {
  const names = node.with ? references(node.with).flatMap(root => (root.name === 'secret' ? [root.secret] : [])) : []
  return names.length > 0 ? [names] : []
}

/**
 * Something is decided before the node does its work: by whoever has a hand free, in the engine's own queue (semantics R10).
 * A deadline counts, because it begins when the job is ready; the root's is set by the start.
 */
export const decidedFirst = (node: PlanNode): boolean =>
  node.kind !== 'task' || node.when !== undefined || (node.deadlineMs !== undefined && node.parent >= 0)

const states: EndState[] = ['succeeded', 'failed', 'cancelled', 'skipped', 'omitted']
const endOf = (key: number): EndState => states[Math.floor((key % 16) / 2)]!
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

type ScopeTables = Pick<LoadedPlan, 'nodes' | 'members' | 'tellers' | 'queueOf' | 'rankOf'>
type RowOfScope = {
  node: number
  parent: number
  queue: number
  rank: number
  phase: string
  pending: number
  opened: boolean
}

/** A node's row; and, where it is a container with nothing to decide that starts at once, the rows of its members. */
const rowsOf = (plan: ScopeTables, node: number, parent: number): RowOfScope[] => {
  const it = plan.nodes[node]!
  const needs = it.needs
  const place = { node, parent, queue: plan.queueOf(node), rank: plan.rankOf(node) }
  if (needs === 0 && opensAtOnce(it) && plan.tellers(node) > 0) {
    const own = { ...place, phase: 'waiting', pending: plan.tellers(node), opened: true }
    return [own, ...plan.members(node).flatMap(member => rowsOf(plan, member, node))]
  }
  return [{ ...place, phase: needs === 0 ? 'ready' : 'blocked', pending: needs, opened: false }]
}

const opensAtOnce = (node: PlanNode): boolean =>
  ['chain', 'group', 'chord', 'flow'].includes(node.kind) &&
  !node.when &&
  (node.deadlineMs === undefined || node.parent < 0)

const columns = (rows: RowOfScope[]): Scope => {
  let nth = 0
  const ready = rows.filter(row => row.phase === 'ready')
  const array = (pick: (row: RowOfScope) => string | number | boolean | null) =>
    `{${rows.map(row => pick(row) ?? 'null').join(',')}}`
  return {
    size: rows.length,
    node: array(row => row.node),
    parent: array(row => row.parent),
    queue: array(row => row.queue),
    rank: array(row => row.rank),
    phase: array(row => row.phase),
    pending: array(row => row.pending),
    opened: array(row => row.opened),
    nth: array(row => (row.phase === 'ready' ? nth++ : null)),
    hint: [...new Set(ready.map(row => row.queue))].slice(0, 100).join(','),
    ready: ready.length > 100 ? [] : ready.map(({ queue, node }) => ({ queue, node })),
  }
}

const memo = <T>(make: (key: number) => T): ((key?: number) => T) => {
  const known = new Map<number, T>()
  return (key = 0) => {
    if (!known.has(key)) known.set(key, make(key))
    return known.get(key)!
  }
}
