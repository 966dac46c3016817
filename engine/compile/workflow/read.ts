import { visitExpressions } from '../../model/expression.ts'
import type { Expression, Plan, PlanNode, Template } from '../../model/plan.ts'

/**
 * Marks the nodes whose output somebody may read: the root, what expressions name, what default inputs pass on, and
 * the members that a container which is read builds its output of.
 */
export const markRead = (plan: Plan): void => {
  const open: number[] = []
  const mark = (id: number): void => {
    const node = plan.nodes[id]
    if (!node || node.read) return
    node.read = true
    open.push(id)
  }
  mark(0)
  for (const node of plan.nodes) directReads(node).forEach(mark)
  for (let id = open.pop(); id !== undefined; id = open.pop()) passedOn(plan.nodes, id).forEach(mark)
}

const directReads = (node: PlanNode): number[] => {
  const found: number[] = []
  const visit = (expression: Expression): void => {
    if (expression.kind === 'call') expression.args.forEach(visit)
    if (expression.kind === 'path' && expression.root.name === 'step' && expression.path[0] === 'output') {
      found.push(expression.root.node)
    }
  }
  for (const template of templatesOf(node)) visitExpressions(template, visit)
  if (node.with || node.kind === 'forEach' || node.kind === 'any') return found
  if (node.input.from === 'previous') found.push(...node.input.of)
  if (node.input.from === 'header') found.push(node.input.node)
  return found
}

const templatesOf = (node: PlanNode): Template[] =>
  [node.when, node.with, node.output, node.forEach?.in, node.forEach?.where, node.forEach?.key].filter(
    template => template !== undefined,
  )

/** The nodes that a node which is read takes its output from. */
const passedOn = (nodes: PlanNode[], id: number): number[] => {
  const node = nodes[id]!
  const recovering = (node.onError ?? []).filter(handler => handler.recover).map(handler => handler.block)
  if (node.output && !readsItself(node.output)) return recovering
  return [...recovering, ...sources(nodes, id)]
}

const sources = (nodes: PlanNode[], id: number): number[] => {
  const node = nodes[id]!
  if (node.kind === 'chain') return node.result ?? []
  if (node.kind === 'forEach' || node.kind === 'workflow') return [id + 1]
  const members = node.kind === 'group' || node.kind === 'chord' ? membersOf(nodes, id) : []
  return node.kind === 'chord' ? members.slice(1) : members
}

const membersOf = (nodes: PlanNode[], id: number): number[] => {
  const found: number[] = []
  for (let member = id + 1; member < nodes[id]!.end; member = nodes[member]!.end) {
    if (nodes[member]!.role === 'member') found.push(member)
  }
  return found
}

const readsItself = (template: Template): boolean => {
  let found = false
  const visit = (expression: Expression): void => {
    if (expression.kind === 'call') expression.args.forEach(visit)
    else if (expression.kind === 'path' && expression.root.name === 'self') found = true
  }
  visitExpressions(template, visit)
  return found
}
