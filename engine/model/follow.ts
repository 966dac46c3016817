import type { PlanNode } from './plan.ts'
import type { EndState } from './state.ts'

/** What the end of a node means for its siblings, as node ids. */
export type Consequences = {
  met: number[]
  /** Or-joins that this one alone meets. */
  meets: number[]
  /** Or-joins of which one source is gone. */
  misses: number[]
  omits: { n: number; tells: boolean; misses: number[] }[]
}

/**
 * Follows a node's edges (semantics R5): which siblings have one edge less to wait for, and which can no longer be met, with
 * all that depends on those. Pure: omission does not depend on what else has ended, but for or-joins.
 *
 * @param allowed the node's failure is tolerated
 */
export const follow = (nodes: PlanNode[], id: number, state: EndState, allowed: boolean): Consequences => {
  const found: Consequences = { met: [], meets: [], misses: [], omits: [] }
  const omitted = new Set<number>()
  const omit = (to: number) => {
    if (omitted.has(to)) return
    omitted.add(to)
    const entry = { n: to, tells: nodes[to]!.tells, misses: [] as number[] }
    found.omits.push(entry)
    for (const edge of nodes[to]!.edges ?? []) {
      if (nodes[edge.to]!.kind === 'any') entry.misses.push(edge.to)
      else omit(edge.to)
    }
  }
  for (const edge of nodes[id]!.edges ?? []) {
    const satisfied = edge.on === 'failed' ? state === 'failed' || state === 'cancelled' : isMet(state, allowed)
    if (nodes[edge.to]!.kind === 'any') (satisfied ? found.meets : found.misses).push(edge.to)
    else if (satisfied) found.met.push(edge.to)
    else omit(edge.to)
  }
  return found
}

const isMet = (state: EndState, allowed: boolean): boolean =>
  state === 'succeeded' || state === 'skipped' || (allowed && (state === 'failed' || state === 'cancelled'))
