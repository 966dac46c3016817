import type { Edge, JobState, NodeCount, Plan } from '../../engine/client.ts'

/** A plan as nested boxes: a box is a node of the plan, with what is inside and the arrows between that. */
export type Box = {
  id: number
  label: string
  /** `task samples/greet`, `group`, `forEach`. */
  kind: string
  /** Of a run: what its jobs are in; null where it has none yet, or for a plan alone. */
  state: JobState | null
  inside: Box[]
  arrows: Arrow[]
}

/** From one box to another of the same list. `on` is what the source's end must be; of those that are `any` one is enough. */
export type Arrow = { from: number; to: number; on: 'met' | 'failed' | 'always'; any?: true }

/** The boxes of a plan; with `counts`, of a run of it. */
export const boxOf = (plan: Plan, counts: NodeCount[] | null): Box => {
  const states = counts ? Map.groupBy(counts, count => count.node) : null
  const children = Map.groupBy(plan.nodes.map((node, id) => ({ node, id })).slice(1), ({ node }) => node.parent)
  const make = (id: number): Box => {
    const node = plan.nodes[id]!
    const all = children.get(id) ?? []
    // An or-join is no step that anybody wrote: arrows go past it.
    const inside = all.filter(({ node: { kind } }) => kind !== 'any')
    const past = ({ to, on }: Edge, from: number): Arrow[] =>
      plan.nodes[to]!.kind === 'any'
        ? (plan.nodes[to]!.edges ?? []).map(edge => ({ from, to: edge.to, on, any: true as const }))
        : [{ from, to, on }]
    const members = inside.filter(({ node: { role } }) => role === 'member')
    const last = members.filter(({ node: { edges = [] } }) => edges.length === 0)
    return {
      id,
      label: node.path === '' ? plan.name : node.path.slice(node.path.lastIndexOf('/') + 1),
      kind: node.task ? `task ${node.task.name}` : node.kind,
      state: stateOf(states?.get(id)),
      inside: inside.map(child => make(child.id)),
      arrows: [
        ...members.flatMap(({ node: { edges = [] }, id: from }) => edges.flatMap(edge => past(edge, from))),
        ...inside.flatMap(({ node: { role }, id: to }): Arrow[] =>
          role === 'member'
            ? []
            : last.map(({ id: from }) => ({ from, to, on: role === 'finally' ? 'always' : 'failed' })),
        ),
      ],
    }
  }
  return make(0)
}

/** One word for jobs of which there may be many: the worst that has ended while others are open is not yet theirs. */
const stateOf = (counts: NodeCount[] | undefined): JobState | null => {
  if (!counts || counts.length === 0) return null
  const states = counts.map(count => count.state)
  const order: JobState[] = ['running', 'waiting', 'queued', 'scheduled', 'blocked', 'failed', 'cancelled', 'succeeded']
  return order.find(state => states.includes(state)) ?? states[0]!
}

/** Every box, from the outermost on. */
export const allBoxes = (box: Box): Box[] => [box, ...box.inside.flatMap(allBoxes)]
