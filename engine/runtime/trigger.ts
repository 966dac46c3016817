import { evaluate, ExpressionError } from '../model/expression.ts'
import type { JobError } from '../model/errors.ts'
import { checkInputs } from '../model/input.ts'
import type { Json, JsonObject } from '../model/json.ts'
import type { Plan, Template } from '../model/plan.ts'
import type { Trigger } from '../model/trigger.ts'

/** What came of it, or why nothing did: data, because whoever fires must go on. */
export type Given<T> = { value: T } | { problem: JobError }

/**
 * The inputs of the run that a trigger starts, checked and with defaults.
 *
 * @param inputs those that the workflow declares now
 * @param seen what the expressions see as `trigger`
 */
export const inputOfTrigger = (trigger: Trigger, inputs: Plan['inputs'], seen: JsonObject): Given<JsonObject> => {
  const given = trigger.with ? evaluateField(trigger.with, seen) : { value: null }
  if ('problem' in given) return given
  const checked = checkInputs(inputs, given.value)
  if ('ok' in checked) return { value: checked.ok }
  const message = `the input of ${trigger.workflow} is wrong: ${checked.errors.join('; ')}`
  return { problem: { name: 'InvalidInput', message } }
}

/** The value of one of a trigger's expressions. */
export const evaluateField = (template: Template, seen: JsonObject): Given<Json> => {
  try {
    return { value: evaluate(template, { lookup: root => (root.name === 'trigger' ? seen : undefined) }) }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return { problem: { name: error.name, message: error.message } }
  }
}
