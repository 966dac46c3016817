import { hasDefault, withDefaults } from './defaults.ts'
import type { Json, JsonObject } from './json.ts'
import { isObject } from './json.ts'
import { validator } from './schema.ts'
import { didYouMean } from './similar.ts'

export type CheckedInputs = { ok: JsonObject } | { errors: string[] }

/**
 * The inputs of a run: what was given, with defaults where nothing was.
 *
 * @param declared JSON Schemas by name, as `Plan.inputs` has them
 * @param given what the run is started with; null and undefined are no inputs
 * @returns the inputs, or one sentence for each thing that is wrong
 */
export const checkInputs = (declared: { [name: string]: Json }, given: Json | undefined): CheckedInputs => {
  const values = given ?? {}
  if (!isObject(values)) return { errors: ['the inputs must be an object: name to value'] }
  const errors = [...unknown(declared, values), ...missing(declared, values), ...wrong(declared, values)]
  return errors.length > 0 ? { errors } : { ok: withDefaults(declared, values) }
}

const unknown = (declared: JsonObject, values: JsonObject): string[] =>
  Object.keys(values)
    .filter(name => !Object.hasOwn(declared, name))
    .map(name => `unknown input "${name}"${didYouMean(name, Object.keys(declared))}`)

const missing = (declared: JsonObject, values: JsonObject): string[] =>
  Object.entries(declared)
    .filter(([name, schema]) => !Object.hasOwn(values, name) && !hasDefault(schema))
    .map(([name]) => `input "${name}" is missing`)

const wrong = (declared: JsonObject, values: JsonObject): string[] =>
  Object.entries(values).flatMap(([name, value]) => {
    const problem = Object.hasOwn(declared, name) ? validator(declared[name]!)(value) : null
    return problem === null ? [] : [`input "${name}" ${problem}`]
  })
