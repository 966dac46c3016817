import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { contentHash } from './canonical.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import { didYouMean } from './similar.ts'

/** Says what is wrong with a value in words for people, or null where nothing is. */
export type Validator = (value: Json) => string | null

/**
 * The validator of a JSON Schema (2020-12, with formats). Compiled once for each content of a schema; the last
 * thousand are kept.
 *
 * @throws Error where the schema is none; `schemaProblem` asks without throwing
 */
export const validator = (schema: Json): Validator => {
  const check = compiled(schema)
  return value => (check(value) ? null : problems(check))
}

const compiled = (schema: Json): ValidateFunction => {
  const key = contentHash(schema)
  const kept = validators.get(key)
  if (kept) return kept
  const check = compileSchema(schema)
  if (validators.size >= 1000) validators.delete(validators.keys().next().value as string)
  validators.set(key, check)
  return check
}

/** One thing that is wrong with a value: where (a JSON Pointer, as of RFC 6901), and what. */
export type Violation = { pointer: string; detail: string }

/** Says what is wrong with a value place by place; nothing where nothing is. At most twenty. */
export const violations = (schema: Json, value: Json): Violation[] => {
  const check = compiled(schema)
  if (check(value)) return []
  return (check.errors ?? [])
    .filter(error => error.keyword !== 'if')
    .slice(0, 20)
    .map(error => ({ pointer: `#${error.instancePath}`, detail: said(error) }))
}

/** What keeps a value from being a JSON Schema and where in it, as property names; null where it is one. */
export const schemaProblem = (schema: Json): { path: string[]; message: string } | null => {
  try {
    validator(schema)
    return null
  } catch (error) {
    const found = ajv.validateSchema(schema as object) === false ? (ajv.errors ?? []) : []
    // A wrong type is also no list of types, and neither of the two: the closest of them says the most.
    const first = found.find(one => one.keyword === 'enum') ?? found[0]
    if (!first) return { path: [], message: (error as Error).message }
    const path = first.instancePath
      .split('/')
      .slice(1)
      .map(segment => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
    const allowed: unknown[] = first.keyword === 'enum' ? first.params.allowedValues : []
    if (allowed.length === 0) return { path, message: `${path.length > 0 ? `"${path.at(-1)}" ` : ''}${said(first)}` }
    const value = valueAt(schema, path)
    const hint = didYouMean(String(value), allowed.map(String)) || `; it is one of ${allowed.join(', ')}`
    return { path, message: `there is no ${path.at(-1)} ${JSON.stringify(value)}${hint}` }
  }
}

const valueAt = (value: Json, path: string[]): Json =>
  path.reduce<Json>(
    (inner, key) => (isObject(inner) || Array.isArray(inner) ? ((inner as JsonObject)[key] ?? null) : null),
    value,
  )

const validators = new Map<string, ValidateFunction>()

/**
 * One instance for all: a new one compiles its meta-schemas first, which takes 20 ms. It keeps nothing of a schema, so
 * that two with one `$id` do not meet and none stays behind.
 */
const ajv = new Ajv2020({ allErrors: true, strict: false, addUsedSchema: false, logger: false })
ajvFormats.default(ajv)

const compileSchema = (schema: Json): ValidateFunction => {
  const own = structuredClone(schema) as object | boolean
  try {
    return ajv.compile(own)
  } finally {
    if (typeof own === 'object') ajv.removeSchema(own)
  }
}

const problems = (check: ValidateFunction): string =>
  (check.errors ?? [])
    .filter(error => error.keyword !== 'if')
    .slice(0, 5)
    .map(problem)
    .join('; ')

const problem = (error: ErrorObject): string => {
  const place = error.instancePath.slice(1).replaceAll('/', '.')
  return `${place ? `${place} ` : ''}${said(error)}`
}

const said = (error: ErrorObject): string => {
  const detail = error.keyword === 'additionalProperties' ? ` "${error.params.additionalProperty}"` : ''
  const allowed = error.keyword === 'enum' ? `: ${JSON.stringify(error.params.allowedValues)}` : ''
  return `${error.message}${detail}${allowed}`
}
