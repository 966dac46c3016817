import type { Json, JsonObject } from '../../model/json.ts'
import { isObject } from '../../model/json.ts'
import type { Template } from '../../model/plan.ts'
import { schemaProblem, validator } from '../../model/schema.ts'
import { didYouMean } from '../../model/similar.ts'
import { type Compilation, report } from '../compilation.ts'
import { isStepField } from '../schema/describe.ts'
import { diagnose, type Place, placeText, spanInText, valueSpan } from '../text/document.ts'
import { resolve } from './resolve.ts'
import type { Resolving } from './resolving.ts'
import type { View } from './scope.ts'
import { readScalar, type Scalar, type Written } from './syntax.ts'
import { type Known, mismatch, schemaOfValue, typesOf } from './type.ts'

/** A compiled value and what is known of it. */
export type Compiled = { template: Template; known: Known }

/**
 * Compiles a value with expressions in it. Undefined where something in it was reported as wrong.
 *
 * @param expected what the value is for, where that is known: certain mismatches are reported where they stand
 */
export const compileValue = (
  compilation: Compilation,
  view: View,
  place: Place,
  value: Json,
  expected?: Known,
): Compiled | undefined => {
  if (typeof value === 'string' && value.includes('{{')) return compileText(compilation, view, place, value, expected)
  if (Array.isArray(value)) return compileList(compilation, view, place, value, expected)
  if (isObject(value)) return compileMap(compilation, view, place, value, expected)
  if (typeof value === 'string' && !oneBrace(compilation, view, place, value)) return undefined
  const known = schemaOfValue(value)
  return fits(compilation, place, known, expected) ? { template: { value }, known } : undefined
}

/** `${inputs.x}` and `{ inputs.x }` are expressions elsewhere and texts here: refused, with both readings. */
const oneBrace = (compilation: Compilation, view: View, place: Place, text: string): boolean => {
  if (!text.includes('{')) return true
  const found = /\$?\{\s*((?:inputs|steps)\.[\w.-]+)\s*\}/.exec(text)
  if (!found) return true
  const [written, path] = found as unknown as [string, string]
  const message = `an expression stands in two braces: {{ ${path} }}; for this very text write {{ concat '${written.slice(0, -1)}' '}' }}`
  const span = { start: found.index, end: found.index + written.length }
  resolvingAt(compilation, view, place).report('INVALID_EXPRESSION', message, span)
  return false
}

const compileText = (
  compilation: Compilation,
  view: View,
  place: Place,
  text: string,
  expected: Known,
): Compiled | undefined => {
  const scalar = scalarOf(compilation, text)
  const resolving = resolvingAt(compilation, view, place)
  if (scalar.kind === 'wrong') {
    resolving.report('INVALID_EXPRESSION', scalar.message, scalar)
    return undefined
  }
  if (scalar.kind === 'plain') return compilePlain(compilation, place, scalar.text, expected)
  if (scalar.kind === 'mixed') return compileMixed(resolving, place, scalar.parts, expected)
  const resolved = resolve(resolving, scalar.expression, false, 'whole')
  if (!resolved || !fits(compilation, place, resolved.known, expected)) return undefined
  const { expression, known } = resolved
  return { template: expression.kind === 'literal' ? { value: expression.value } : { expression }, known }
}

const scalarOf = ({ scalars }: Compilation, text: string): Scalar => {
  let scalar = scalars.get(text)
  if (!scalar) {
    scalar = readScalar(text)
    scalars.set(text, scalar)
  }
  return scalar
}

const resolvingAt = (compilation: Compilation, view: View, place: Place): Resolving => ({
  compilation,
  view,
  at: placeText(compilation.document, place),
  report: (code, message, span) => {
    const inText = spanInText(compilation.document, place, span)
    compilation.diagnostics.push(diagnose(compilation.document, inText, code, message))
  },
})

const compilePlain = (compilation: Compilation, place: Place, value: string, expected: Known): Compiled | undefined => {
  const known = schemaOfValue(value)
  return fits(compilation, place, known, expected) ? { template: { value }, known } : undefined
}

const compileMixed = (
  resolving: Resolving,
  place: Place,
  parts: (string | Written)[],
  expected: Known,
): Compiled | undefined => {
  const resolved = parts.map(part => (typeof part === 'string' ? part : resolve(resolving, part, false, 'text')))
  if (resolved.some(part => part === undefined)) return undefined
  const wrong = resolved.findIndex(part => typeof part === 'object' && neverText(part.known))
  if (wrong !== -1) {
    const message = 'an object, a list or null cannot be put into text; use (json …)'
    resolving.report('TYPE_MISMATCH', message, parts[wrong] as Written)
    return undefined
  }
  const known = { type: 'string' }
  if (!fits(resolving.compilation, place, known, expected)) return undefined
  const text = resolved.map(part => (typeof part === 'string' ? part : part!.expression))
  return { template: { text }, known }
}

const neverText = (known: Known): boolean => {
  const types = typesOf(known)
  return types !== undefined && [...types].every(type => type === 'object' || type === 'array' || type === 'null')
}

const compileList = (
  compilation: Compilation,
  view: View,
  place: Place,
  list: Json[],
  expected: Known,
): Compiled | undefined => {
  if (!fits(compilation, place, { type: 'array' }, expected)) return undefined
  const items = expected && isObject(expected.items) && typesOf(expected)?.has('array') ? expected.items : undefined
  const compiled = list.map((item, key) => compileValue(compilation, view, { owner: list, key }, item, items))
  if (compiled.some(item => item === undefined)) return undefined
  const templates = compiled.map(item => item!.template)
  const known = { type: 'array' }
  return { template: templates.every(isValue) ? { value: list } : { list: templates }, known }
}

const compileMap = (
  compilation: Compilation,
  view: View,
  place: Place,
  map: JsonObject,
  expected: Known,
): Compiled | undefined => {
  if (!fits(compilation, place, { type: 'object' }, expected)) return undefined
  const fieldsFit = expected === undefined || checkFields(compilation, place, map, expected)
  const properties = expected && isObject(expected.properties) ? expected.properties : {}
  const templates: { [key: string]: Template } = {}
  const known: JsonObject = {}
  let complete = fieldsFit
  let constant = true
  for (const key of Object.keys(map)) {
    const property = Object.hasOwn(properties, key) ? properties[key]! : undefined
    const wanted = isObject(property) ? property : undefined
    const compiled = compileValue(compilation, view, { owner: map, key }, map[key]!, wanted)
    if (!compiled) complete = false
    else {
      templates[key] = compiled.template
      if (view.inside) known[key] = compiled.known ?? true
      constant &&= isValue(compiled.template)
    }
  }
  if (!complete) return undefined
  // Only an `output` is looked into by others; an input's shape nobody asks for.
  const shape = view.inside ? closedObject(known) : anyObject
  return { template: constant ? { value: map } : { map: templates }, known: shape }
}

const anyObject = { type: 'object' }

const closedObject = (properties: JsonObject): JsonObject => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})

const isValue = (template: Template): boolean => 'value' in template

/** A field too many, and a required one that is missing: one diagnostic where the one is a misspelt other. */
const checkFields = (compilation: Compilation, place: Place, map: JsonObject, expected: JsonObject): boolean => {
  if (combined.some(keyword => Object.hasOwn(expected, keyword))) return true
  const properties = isObject(expected.properties) ? Object.keys(expected.properties) : []
  const closed = expected.additionalProperties === false && expected.patternProperties === undefined
  const unknown = closed ? Object.keys(map).filter(key => !properties.includes(key)) : []
  for (const key of unknown) {
    const beside = isStepField(key) ? '; it belongs to the step, beside `with`' : ''
    const message = `the input has no "${key}"${didYouMean(key, properties) || beside}`
    report(compilation, { owner: map, key }, 'UNKNOWN_FIELD', message, { at: 'key' })
  }
  const required = Array.isArray(expected.required) ? expected.required : []
  const missing = required.filter(name => typeof name === 'string' && !Object.hasOwn(map, name)) as string[]
  if (unknown.length > 0) return false
  for (const name of missing) {
    const near = Object.keys(map).find(key => !properties.includes(key) && didYouMean(key, [name]))
    const [where, hint] = near ? [{ owner: map, key: near }, `; is "${near}" meant for it?`] : [place, '']
    report(compilation, where, 'MISSING_FIELD', `the input lacks "${name}"${hint}`, { at: 'key' })
  }
  return missing.length === 0
}

const combined = ['$ref', '$dynamicRef', 'anyOf', 'oneOf', 'allOf', 'if', 'not']

const fits = (compilation: Compilation, place: Place, known: Known, expected: Known): boolean => {
  if (!expected || !known) return true
  const problem = mismatch(known, expected)
  const span = valueSpan(compilation.document, place)
  if (problem !== undefined) {
    const hint = Object.hasOwn(known, 'const')
      ? quotes(known.const!, expected, compilation.document.text.slice(span.start, span.end))
      : ''
    compilation.diagnostics.push(diagnose(compilation.document, span, 'TYPE_MISMATCH', `this is ${problem}${hint}`))
    return false
  }
  const refused = Object.hasOwn(known, 'const') ? refusal(expected, known.const!) : null
  if (refused === null) return true
  compilation.diagnostics.push(diagnose(compilation.document, span, 'INVALID_VALUE', `this ${refused}`))
  return false
}

/** What a schema has against a value. One that is no schema has been reported where it stands. */
const refusal = (schema: JsonObject, value: Json): string | null =>
  limits.some(keyword => Object.hasOwn(schema, keyword)) && schemaProblem(schema) === null
    ? validator(schema)(value)
    : null

/** What a schema may ask of a text or a number beyond its type. */
const limits = [
  ...['enum', 'const', 'pattern', 'format', 'minLength', 'maxLength'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
]

/** Where quotes make the difference. */
const quotes = (value: Json, expected: JsonObject, written: string): string => {
  const wanted = typesOf(expected)
  if (typeof value !== 'string') return wanted?.has('string') && value !== null ? `; quote it: "${written}"` : ''
  const plain = value.trim()
  const number = (wanted?.has('number') || wanted?.has('integer')) && plain !== '' && Number.isFinite(Number(plain))
  const boolean = wanted?.has('boolean') && /^(true|false)$/.test(plain)
  return number || boolean ? `; leave out the quotes: ${plain}` : ''
}
