import type { Json, JsonObject } from '../../model/json.ts'
import { isObject } from '../../model/json.ts'

/** What is known of a value before it is there: a JSON Schema, or undefined where nothing is known. */
export type Known = JsonObject | undefined

/** Where a path leads by a schema: to something more or less known, or certainly nowhere. */
export type Step = { known: Known } | { absent: string[] }

/** One segment down. Nowhere only where the schema leaves no doubt: unknown is the answer to all that is unclear. */
export const stepInto = (schema: Known, segment: string): Step => {
  const plain = simple(schema)
  if (!plain) return { known: undefined }
  const types = typesOf(plain)
  if (types && !types.has('object') && !types.has('array')) return { absent: [] }
  if (types && !types.has('object')) return /^\d+$/.test(segment) ? { known: itemOf(plain) } : { absent: [] }
  const properties = isObject(plain.properties) ? plain.properties : undefined
  if (properties && Object.hasOwn(properties, segment)) return { known: known(properties[segment]!) }
  const { additionalProperties, patternProperties } = plain
  if (patternProperties !== undefined || types?.has('array')) return { known: undefined }
  if (isObject(additionalProperties)) return { known: additionalProperties }
  if (additionalProperties === false || (properties && additionalProperties === undefined)) {
    return { absent: Object.keys(properties ?? {}) }
  }
  return { known: undefined }
}

/** What is known of the items of a list. */
export const itemOf = (schema: Known): Known => known(simple(schema)?.items ?? null)

/** The types that a value may have; undefined: any. */
export const typesOf = (schema: Known): Set<string> | undefined => {
  const plain = simple(schema)
  if (!plain) return undefined
  const types = typeof plain.type === 'string' ? [plain.type] : Array.isArray(plain.type) ? plain.type : undefined
  // One that does not exist is reported where it stands; here it says nothing.
  if (types) return types.every(type => Object.hasOwn(words, String(type))) ? new Set(types as string[]) : undefined
  if (Object.hasOwn(plain, 'const')) return new Set([typeOf(plain.const!)])
  if (Array.isArray(plain.enum)) return new Set(plain.enum.map(typeOf))
  return undefined
}

/** Why no value of the one schema fits the other; undefined where one may. */
export const mismatch = (source: Known, target: Known): string | undefined => {
  const from = typesOf(source)
  const to = typesOf(target)
  if (
    from &&
    to &&
    ![...from].some(
      type => to.has(type) || (type === 'integer' && to.has('number')) || (type === 'number' && to.has('integer')),
    )
  ) {
    return `${names(from)} where ${names(to)} is wanted`
  }
  if (!from || !to || from.size !== 1) return undefined
  if (from.has('array')) {
    const inner = mismatch(itemOf(source), itemOf(target))
    return inner && `a list with ${inner}`
  }
  return from.has('object') ? propertyMismatch(simple(source)!, simple(target)!) : undefined
}

/** The JSON Schema of one value. */
export const schemaOfValue = (value: Json): JsonObject => ({ const: value })

/** The fallback of the right type for `default`, as it is written. */
export const fallbackFor = (schema: Known): string => {
  const types = typesOf(schema)
  const type = types?.size === 1 ? [...types][0]! : 'null'
  return (
    { array: '(list)', object: '(object)', string: "''", number: '0', integer: '0', boolean: 'false' }[type] ?? 'null'
  )
}

/** A list of types for people. */
export const names = (types: Set<string>): string => [...types].map(type => words[type] ?? type).join(' or ')

const words: { [type: string]: string } = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'a boolean',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

const propertyMismatch = (source: JsonObject, target: JsonObject): string | undefined => {
  const given = isObject(source.properties) ? source.properties : {}
  const asked = isObject(target.properties) ? target.properties : {}
  const certain = Array.isArray(source.required) ? source.required : []
  for (const name of certain) {
    if (typeof name !== 'string' || !Object.hasOwn(given, name) || !Object.hasOwn(asked, name)) continue
    const inner = mismatch(known(given[name]!), known(asked[name]!))
    if (inner) return `an object whose "${name}" is ${inner}`
  }
  if (source.additionalProperties !== false) return undefined
  const lacking = (Array.isArray(target.required) ? target.required : []).find(
    name => typeof name === 'string' && !Object.hasOwn(given, name),
  )
  return lacking === undefined ? undefined : `an object without "${lacking}", which is required`
}

const known = (schema: Json): Known => (isObject(schema) ? schema : undefined)

/** The schema where it speaks plainly; one that refers or combines says nothing certain here. */
const simple = (schema: Known): Known =>
  schema && !unclear.some(keyword => Object.hasOwn(schema, keyword)) ? schema : undefined

const unclear = ['$ref', '$dynamicRef', 'anyOf', 'oneOf', 'allOf', 'if', 'not']

const typeOf = (value: Json): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
