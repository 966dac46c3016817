import { evaluate, references, type Scope } from '../model/expression.ts'
import type { Json, JsonObject } from '../model/json.ts'
import type { PlanNode, Root } from '../model/plan.ts'

/** The roots that a node's input is made of: its `with`, or where its default input comes from (semantics L5). */
export const inputRoots = (nodes: PlanNode[], id: number): Root[] => {
  const node = nodes[id]!
  if (node.with) return references(node.with)
  const { input } = node
  if (input.from === 'previous')
    return [...input.of.map(of => ({ name: 'step', node: of }) as const), ...containerRoots(nodes, id)]
  if (input.from === 'header') return [{ name: 'step', node: input.node }]
  if (input.from === 'item') return [{ name: 'item', loop: input.loop }]
  if (input.from === 'error') return [{ name: 'error' }]
  if (input.from === 'inputs') return [inputsRoot(input)]
  return containerRoots(nodes, id)
}

const containerRoots = (nodes: PlanNode[], id: number): Root[] =>
  nodes[id]!.parent < 0 ? [{ name: 'inputs' }] : inputRoots(nodes, nodes[id]!.parent)

/** The value of a node's input. A `with` above it is evaluated where it is needed: what it sees never changes. */
export const inputOf = (nodes: PlanNode[], id: number, scope: Scope): Json => {
  const node = nodes[id]!
  if (node.with) return evaluate(node.with, scope)
  const { input } = node
  if (input.from === 'previous') {
    for (const of of input.of) {
      const step = scope.lookup({ name: 'step', node: of }) as JsonObject | undefined
      if (step && step.state !== 'skipped') return step.output ?? null
    }
    return containerInput(nodes, id, scope)
  }
  if (input.from === 'header')
    return (scope.lookup({ name: 'step', node: input.node }) as JsonObject | undefined)?.output ?? null
  if (input.from === 'item') return scope.lookup({ name: 'item', loop: input.loop }) ?? null
  if (input.from === 'error') return scope.lookup({ name: 'error' }) ?? null
  if (input.from === 'inputs') return scope.lookup(inputsRoot(input)) ?? null
  return containerInput(nodes, id, scope)
}

const inputsRoot = ({ of }: { of?: number }): Root => (of === undefined ? { name: 'inputs' } : { name: 'inputs', of })

const containerInput = (nodes: PlanNode[], id: number, scope: Scope): Json =>
  nodes[id]!.parent < 0 ? (scope.lookup({ name: 'inputs' }) ?? null) : inputOf(nodes, nodes[id]!.parent, scope)
