import { createHash } from 'node:crypto'
import { sorted } from '../model/canonical.ts'
import type { Expression, Plan, PlanNode, Template } from '../model/plan.ts'
import type { Trigger } from '../model/trigger.ts'

/**
 * SHA-256 of the plan without the places (`at`) of its expressions: a comment more in the file is no other plan. What
 * the compiler makes has its keys in one order anyway; what people wrote is sorted.
 */
export const planHash = (plan: Plan): string => {
  const { name, kind, inputs, nodes } = plan
  const hash = createHash('sha256').update(JSON.stringify({ name, kind, inputs: sorted(inputs) }))
  // In pieces, so that the copies die young: 20,000 nodes at once are moved about by the garbage collector.
  for (let from = 0; from < nodes.length; from += 200) {
    hash.update(JSON.stringify(nodes.slice(from, from + 200).map(stable)))
  }
  return hash.digest('hex')
}

/** The same of a trigger. */
export const triggerHash = ({ kind, name, workflow, with: input, expressions, spec }: Trigger): string => {
  const fields = Object.keys(expressions)
    .sort()
    .map(field => [field, placeless(expressions[field]!)])
  const stable = { kind, name, workflow, with: input && placeless(input), fields, spec: sorted(spec) }
  return createHash('sha256').update(JSON.stringify(stable)).digest('hex')
}

const stable = (node: PlanNode): object => {
  const { when, with: input, output, forEach, task } = node
  const schemas = task && (task.inputSchema !== undefined || task.outputSchema !== undefined)
  if (!when && !input && !output && !forEach && !schemas) return node
  const copy: { [key: string]: unknown } = { ...node }
  if (when) copy.when = placeless(when)
  if (input) copy.with = placeless(input)
  if (output) copy.output = placeless(output)
  if (schemas) copy.task = { ...task, inputSchema: sorted(task.inputSchema), outputSchema: sorted(task.outputSchema) }
  if (forEach) copy.forEach = placelessLoop(forEach)
  return copy
}

const placelessLoop = (loop: NonNullable<PlanNode['forEach']>): object => ({
  ...loop,
  in: placeless(loop.in),
  where: loop.where && placeless(loop.where),
  key: loop.key && placeless(loop.key),
})

const placeless = (template: Template): unknown => {
  if ('value' in template) return { value: sorted(template.value) }
  if ('expression' in template) return expressionOf(template.expression)
  if ('text' in template)
    return { text: template.text.map(part => (typeof part === 'string' ? part : expressionOf(part))) }
  if ('list' in template) return { list: template.list.map(placeless) }
  const { map } = template
  return {
    map: Object.keys(map)
      .sort()
      .map(key => [key, placeless(map[key]!)]),
  }
}

const expressionOf = (expression: Expression): unknown => {
  if (expression.kind === 'literal') return { literal: sorted(expression.value) }
  if (expression.kind === 'call') return { helper: expression.helper, args: expression.args.map(expressionOf) }
  return { root: expression.root, path: expression.path }
}
