import { isObject } from '../../model/json.ts'
import type { Compilation, Item } from '../compilation.ts'
import type { Known } from './type.ts'

/**
 * What is known of a step's output.
 *
 * @param form `raw`: before its own `output` shapes it; `shaped`: as others see it
 */
export const knownOutput = (compilation: Compilation, item: Item, form: 'raw' | 'shaped'): Known => {
  if (item.broken || item.step.onError !== undefined) return undefined
  if (form === 'shaped' && item.step.output !== undefined && item.node.kind !== 'forEach') return item.shaped?.schema
  const { node } = item
  switch (node.kind) {
    case 'task':
      return item.task && !item.task.broken && isObject(item.task.spec.outputSchema)
        ? item.task.spec.outputSchema
        : undefined
    case 'chain': {
      const last = node.result?.length === 1 ? compilation.items[node.result[0]!]! : undefined
      return last && last.step.allowFailure !== true ? knownOutput(compilation, last, 'shaped') : undefined
    }
    case 'group':
      return { type: 'array' }
    case 'chord': {
      const body = item.inner?.members[1]
      return body && body.step.when === undefined && body.step.allowFailure !== true
        ? knownOutput(compilation, body, 'shaped')
        : undefined
    }
    case 'workflow':
      return item.callee?.output
    case 'forEach': {
      const tolerant = isObject(item.step.forEach) && item.step.forEach.maxFailures !== undefined
      const each = tolerant ? undefined : knownOutput(compilation, compilation.items[item.id + 1]!, 'shaped')
      return each ? { type: 'array', items: each } : { type: 'array' }
    }
    default:
      return undefined
  }
}
