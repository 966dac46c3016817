import type { DefaultInput, Expression, ForEachPart, Plan, PlanNode, Root, Template } from '../../model/plan.ts'
import { didYouMean } from '../../model/similar.ts'
import { type Catalog, goesAway, nameOf } from '../catalog.ts'
import { type Compilation, type Item, report } from '../compilation.ts'

/** Steps that a workflow may have with those of the workflows it is made of. */
const maxNodes = 100_000

/** Puts the nodes of the workflow that a step names behind the step's own, as its one member. */
export const embed = (compilation: Compilation, item: Item): void => {
  const { catalog, uses, items } = compilation
  const { workflow: name } = item.step
  if (typeof name !== 'string') return
  uses.add(`workflow/${name}`)
  const callee = isRight(compilation, item, name) ? catalog.callee(name) : undefined
  if (!callee) {
    item.broken = true
    return
  }
  const { nodes } = callee.plan
  if (items.length + nodes.length > maxNodes) {
    const message = `with the steps of the workflows it is made of, this one has more than ${maxNodes}`
    report(compilation, { owner: item.step, key: 'workflow' }, 'TOO_LARGE', message)
    item.broken = true
    return
  }
  for (const used of callee.uses) uses.add(used)
  item.callee = callee
  item.node.call = { workflow: name, inputs: callee.plan.inputs }
  const { place, scope } = item
  for (const node of moved(callee.plan, item))
    items.push({ id: items.length, node, step: {}, place, scope, index: 0, waits: [], broken: false, embedded: true })
}

/** Whether there is such a workflow, and this one is no part of it; what is wrong with it itself is said there. */
const isRight = (compilation: Compilation, { step }: Item, name: string): boolean => {
  const { catalog, document } = compilation
  const found = catalog.workflows.get(name)
  const place = { owner: step, key: 'workflow' }
  if (!found) {
    const hint = catalog.tasks.has(name)
      ? `; "${name}" is a Task: write task: ${name}`
      : goesAway(catalog, `workflow/${name}`) || didYouMean(name, catalog.workflows.keys())
    report(compilation, place, 'UNKNOWN_WORKFLOW', `workflow "${name}" is not defined${hint}`)
    return false
  }
  const own = nameOf(document.value)!
  const way = wayBack(catalog, name, own)
  if (!way) return !found.broken
  // Of all the steps that close the circle only that of the first workflow by name tells of it.
  const given = [own, ...way].filter(one => catalog.workflows.get(one)?.given).sort()
  if ((given[0] ?? own) === own) {
    const message = `a workflow cannot be a part of itself: ${[own, ...way].join(' → ')}`
    report(compilation, place, 'WORKFLOW_CYCLE', message)
  }
  return false
}

/** The names from one workflow to another that is a part of it, both included; undefined where it is none. */
const wayBack = ({ workflows }: Catalog, from: string, to: string): string[] | undefined => {
  const seen = new Set<string>()
  const search = (name: string): string[] | undefined => {
    if (name === to) return [name]
    if (seen.has(name)) return undefined
    seen.add(name)
    for (const next of workflows.get(name)?.calls ?? []) {
      const way = search(next)
      if (way) return [name, ...way]
    }
    return undefined
  }
  return search(from)
}

/** The nodes of a plan where they stand as a part of another: below a node of kind `workflow`, whose `with` are its inputs. */
const moved = ({ name, nodes }: Plan, { id: whole, node: { path } }: Item): PlanNode[] => {
  const by = whole + 1
  const root = (written: Root): Root => {
    if (written.name === 'inputs' || written.name === 'run')
      return { ...written, of: written.of === undefined ? whole : written.of + by }
    if (written.name === 'step') return { ...written, node: written.node + by }
    return written.name === 'item' || written.name === 'loop' ? { ...written, loop: written.loop + by } : written
  }
  const expression = (written: Expression): Expression => {
    if (written.kind === 'path') return { ...written, root: root(written.root) }
    return written.kind === 'call' ? { ...written, args: written.args.map(expression) } : written
  }
  const template = (written: Template): Template => {
    if ('expression' in written) return { expression: expression(written.expression) }
    if ('text' in written) return { text: written.text.map(one => (typeof one === 'string' ? one : expression(one))) }
    if ('list' in written) return { list: written.list.map(template) }
    if (!('map' in written)) return written
    return { map: Object.fromEntries(Object.entries(written.map).map(([key, one]) => [key, template(one)])) }
  }
  const loop = (each: ForEachPart): ForEachPart => ({
    ...each,
    in: template(each.in),
    ...(each.where ? { where: template(each.where) } : {}),
    ...(each.key ? { key: template(each.key) } : {}),
  })
  return nodes.map(node => ({
    ...node,
    path: [path, name, node.path].filter(one => one !== '').join('/'),
    parent: node.parent < 0 ? whole : node.parent + by,
    end: node.end + by,
    input: movedInput(node.input, whole),
    ...(node.edges ? { edges: node.edges.map(edge => ({ ...edge, to: edge.to + by })) } : {}),
    ...(node.when ? { when: template(node.when) } : {}),
    ...(node.with ? { with: template(node.with) } : {}),
    ...(node.output ? { output: template(node.output) } : {}),
    ...(node.forEach ? { forEach: loop(node.forEach) } : {}),
    ...(node.onError ? { onError: node.onError.map(one => ({ ...one, block: one.block + by })) } : {}),
    ...(node.finally === undefined ? {} : { finally: node.finally + by }),
    ...(node.result ? { result: node.result.map(one => one + by) } : {}),
  }))
}

const movedInput = (input: DefaultInput, whole: number): DefaultInput => {
  const by = whole + 1
  switch (input.from) {
    case 'inputs':
      return { from: 'inputs', of: input.of === undefined ? whole : input.of + by }
    case 'previous':
      return { ...input, of: input.of.map(one => one + by) }
    case 'header':
      return { ...input, node: input.node + by }
    case 'item':
      return { ...input, loop: input.loop + by }
    default:
      return input
  }
}
