import { isObject, type Json, type JsonObject } from '../../model/json.ts'
import { schemaProblem } from '../../model/schema.ts'
import { type Compilation, report } from '../compilation.ts'
import type { Place } from '../text/document.ts'

/** Reports what keeps the value of a field from being a JSON Schema, where it stands. @returns whether it is one */
export const checkJsonSchema = (compilation: Compilation, owner: JsonObject, key: string): boolean => {
  const schema = owner[key]!
  // Something else than an object has been reported: the manifests' own schema says what it must be.
  if (!isObject(schema)) return typeof schema === 'boolean'
  const problem = schemaProblem(schema)
  if (!problem) return true
  let place: Place = { owner, key }
  let value: Json = schema
  for (const segment of problem.path) {
    if (!isObject(value) && !Array.isArray(value)) break
    place = { owner: value as JsonObject, key: Array.isArray(value) ? Number(segment) : segment }
    value = (value as JsonObject)[segment] ?? null
  }
  const hint =
    place.key === 'required' && typeof value === 'boolean'
      ? '; an input is required unless it has a `default`, and of an object `required` lists the fields'
      : ''
  report(compilation, place, 'INVALID_SCHEMA', `this is no JSON Schema: ${problem.message}${hint}`)
  return false
}
