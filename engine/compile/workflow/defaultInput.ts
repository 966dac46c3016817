import { isObject } from '../../model/json.ts'
import { type Compilation, type Item, report } from '../compilation.ts'
import { knownOutput } from '../expression/output.ts'
import { type Known, mismatch } from '../expression/type.ts'

/** Checks what a task gets without `with` against its `inputSchema`, as far as both are certain. */
export const checkDefaultInput = (compilation: Compilation, item: Item): void => {
  const { task } = item
  if (!task || task.broken || !isObject(task.spec.inputSchema)) return
  const problem = mismatch(knownInput(compilation, item), task.spec.inputSchema)
  if (problem === undefined) return
  const message = `without \`with\` this step gets ${problem}`
  report(compilation, { owner: item.step, key: 'task' }, 'TYPE_MISMATCH', message)
}

/** What is known of the value that a step gets by default (L5). */
const knownInput = (compilation: Compilation, item: Item): Known => {
  const { input, parent } = item.node
  switch (input.from) {
    case 'inputs':
      return inputsOf(compilation)
    case 'container': {
      const container = compilation.items[parent]!
      return container.step.with !== undefined && parent !== 0 ? undefined : knownInput(compilation, container)
    }
    case 'previous':
      return input.of.length === 1 ? knownOutput(compilation, compilation.items[input.of[0]!]!, 'shaped') : undefined
    case 'header':
      return { type: 'array' }
    case 'item':
      return compilation.items[input.loop]!.itemSchema
    case 'error':
      return { type: 'object' }
  }
}

/** Every declared input is there: given, or by its default. */
const inputsOf = ({ inputs }: Compilation): Known => ({
  type: 'object',
  properties: inputs,
  required: Object.keys(inputs),
  additionalProperties: false,
})
