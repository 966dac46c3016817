import { hasDefault } from '../../model/defaults.ts'
import { checkInputs } from '../../model/input.ts'
import type { JsonObject } from '../../model/json.ts'
import type { Template } from '../../model/plan.ts'
import { schemaProblem } from '../../model/schema.ts'
import type { CatalogWorkflow } from '../catalog.ts'
import { type Compilation, report } from '../compilation.ts'
import type { View } from '../expression/scope.ts'
import { compileValue } from '../expression/template.ts'

/**
 * What is passed to a workflow: `with`, held against its inputs; without it nothing (semantics L4).
 *
 * @param owner has `workflow` and `with`
 */
export const compilePassed = (
  compilation: Compilation,
  view: View,
  owner: JsonObject,
  { name, inputs }: Pick<CatalogWorkflow, 'name' | 'inputs'>,
): Template | undefined => {
  const required = requiredOf(inputs)
  if (owner.with === undefined) {
    if (required.length === 0) return undefined
    const message = `workflow "${name}" requires the input "${required[0]}", and without \`with\` nothing is passed`
    report(compilation, { owner, key: 'workflow' }, 'MISSING_FIELD', message)
    return undefined
  }
  const expected = { type: 'object', properties: inputs, required, additionalProperties: false }
  const template = compileValue(compilation, view, { owner, key: 'with' }, owner.with, expected)?.template
  // Where a schema is none, that is said of the workflow.
  if (template && 'value' in template && Object.values(inputs).every(schema => schemaProblem(schema) === null)) {
    const checked = checkInputs(inputs, template.value)
    const wrong = 'errors' in checked ? checked.errors.join('; ') : undefined
    if (wrong) report(compilation, { owner, key: 'with' }, 'INVALID_VALUE', wrong, { at: 'key' })
  }
  return template
}

/** The names of the inputs that have no default. */
export const requiredOf = (inputs: JsonObject): string[] => Object.keys(inputs).filter(key => !hasDefault(inputs[key]!))
