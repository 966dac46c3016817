import { contentHash } from '../model/canonical.ts'
import type { Expression, Plan, PlanNode, Template } from '../model/plan.ts'

/** SHA-256 of the plan without the places (`at`) of its expressions: a comment more in the file is no other plan. */
export const planHash = (plan: Plan): string => contentHash({ ...plan, nodes: plan.nodes.map(withoutPlaces) })

const withoutPlaces = (node: PlanNode): object => {
  const { when, with: input, output, forEach } = node
  if (!when && !input && !output && !forEach) return node
  return {
    ...node,
    when: when && placeless(when),
    with: input && placeless(input),
    output: output && placeless(output),
    forEach: forEach && {
      ...forEach,
      in: placeless(forEach.in),
      where: forEach.where && placeless(forEach.where),
      key: forEach.key && placeless(forEach.key),
    },
  }
}

const placeless = (template: Template): object => {
  if ('value' in template) return template
  if ('expression' in template) return { expression: expressionOf(template.expression) }
  if ('text' in template)
    return { text: template.text.map(part => (typeof part === 'string' ? part : expressionOf(part))) }
  if ('list' in template) return { list: template.list.map(placeless) }
  return { map: Object.fromEntries(Object.entries(template.map).map(([key, value]) => [key, placeless(value)])) }
}

const expressionOf = (expression: Expression): object => {
  if (expression.kind === 'literal') return expression
  if (expression.kind === 'call') return { ...expression, args: expression.args.map(expressionOf), at: undefined }
  return { ...expression, at: undefined }
}
