import { Ajv2020, type ErrorObject, type Options, type ValidateFunction } from 'ajv/dist/2020.js'
import schema from '../../../schemas/manifest.json' with { type: 'json' }
import type { Json, JsonObject } from '../../model/json.ts'
import { isObject } from '../../model/json.ts'
import { nearest } from '../../model/similar.ts'
import { borrowedFor } from './borrowed.ts'
import { stepLists } from '../catalog.ts'
import {
  describe,
  emptyAbove,
  isForeign,
  knownFields,
  laterVerbs,
  type Mistake,
  specFields,
  verbless,
  verbs,
} from './describe.ts'
import type { Diagnostic } from '../text/diagnostic.ts'
import { type Document, diagnose, type Place, valueSpan } from '../text/document.ts'

export type Validated = {
  diagnostics: Diagnostic[]
  /** The innermost steps (and, outside of steps, the document) that are not as the schema says. */
  broken: Set<object>
}

/** What the schema of manifests finds wrong with a document: one diagnostic for each mistake. */
export const validate = (document: Document): Validated => {
  check ??= new Ajv2020(quickly).compile(schema)
  if (check(document.value)) return { diagnostics: [], broken: new Set() }
  if (isForeign(document.value))
    return { diagnostics: [foreign(document, document.value)], broken: new Set([document.value]) }
  const mistakes = withoutEchoes((check.errors ?? []).map(error => locate(document, error)))
  const diagnostics = withoutDoubles(mistakes.map(mistake => describe(document, mistake)))
  return { diagnostics, broken: new Set(mistakes.map(mistake => mistake.holder)) }
}

/** What is wrong with a part that several merge is said once. */
const withoutDoubles = (diagnostics: Diagnostic[]): Diagnostic[] => {
  const said = new Map(diagnostics.map(one => [`${one.line}:${one.column} ${one.message}`, one]))
  return [...said.values()]
}

/** The schema is our own, and checked by tests: without looking at it and without optimizing, compiling it takes 48 ms, not 94. */
const quickly: Options = {
  ...{ allErrors: true, strict: false, verbose: true, logger: false },
  ...{ meta: false, validateSchema: false, code: { optimize: false } },
}

let check: ValidateFunction | undefined

/** Another system's file, or something that is no manifest at all: what it lacks is said once. */
const foreign = (document: Document, value: JsonObject): Diagnostic => {
  const other = Object.hasOwn(value, 'apiVersion')
  const place = other ? { owner: value, key: 'apiVersion' } : { owner: null, key: '' }
  const message =
    'this is no manifest of tq; one begins with apiVersion: tq/v1, kind: Chain (or another), metadata: { name: my-name } and spec:'
  return diagnose(document, valueSpan(document, place), other ? 'INVALID_VALUE' : 'MISSING_FIELD', message)
}

/** Walks down an error's JSON pointer. */
const locate = (document: Document, error: ErrorObject): Mistake => {
  let place: Place = { owner: null, key: '' }
  let value: Json = document.value
  let holder = value as object
  let listOfSteps = false
  for (const segment of error.instancePath.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~')
    const owner = value as Json[] | JsonObject
    place = { owner, key: Array.isArray(owner) ? Number(key) : key }
    value = (owner as JsonObject)[key] ?? null
    if (isObject(value) && (key === 'body' || (listOfSteps && Array.isArray(owner)))) holder = value
    listOfSteps = stepLists.has(key)
  }
  return { error, place, holder }
}

/** Drops what only repeats another error: wrappers, what a misspelt key leaves missing, seconds about one value. */
const withoutEchoes = (mistakes: Mistake[]): Mistake[] => {
  const unknown = new Map<string, string[]>()
  const notIndented = new Set<string>()
  for (const { error } of mistakes) {
    if (error.keyword !== 'additionalProperties') continue
    const above = emptyAbove(error.data as JsonObject, error.params.additionalProperty, knownFields(error))
    if (above !== undefined) notIndented.add(`${error.instancePath}/${above}`)
    const keys = unknown.get(error.instancePath) ?? []
    keys.push(error.params.additionalProperty)
    unknown.set(error.instancePath, keys)
  }
  const seen = new Set<string>()
  return mistakes.filter(({ error }) => {
    if (error.keyword === 'if' || error.keyword === 'propertyNames' || /\/oneOf\/\d+\//.test(error.schemaPath))
      return false
    const beside = unknown.get(error.instancePath) ?? []
    if (error.keyword === 'required' && standsIn(error.params.missingProperty, beside, error.instancePath)) return false
    // An entry of `onError` that is a step itself: what it lacks says how it is written.
    if (
      error.keyword === 'additionalProperties' &&
      isHandler(error) &&
      verbs.some(verb => verb in (error.data as object))
    )
      return false
    if (error.keyword === 'oneOf' && !isObject(error.data)) return false
    if (error.keyword === 'oneOf' && beside.some(key => laterVerbs.includes(key) || standsForVerb(key))) return false
    if (error.keyword === 'oneOf' && beside.length > 0 && verbless(error.data as JsonObject)) return false
    // `spec:` with nothing in it, and its fields beside it: they are not indented.
    if (error.keyword === 'type' && error.data === null) {
      if ((unknown.get('') ?? []).some(belongsTo(error.instancePath))) return false
      if (notIndented.has(error.instancePath)) return false
    }
    const about = error.params.additionalProperty ?? error.params.missingProperty ?? error.propertyName ?? ''
    const key = `${error.instancePath} ${about}`
    return !seen.has(key) && seen.add(key)
  })
}

/** Whether one of the unknown fields beside it is what is missing, misspelt, in another system's word, or one level too high. */
const standsIn = (missing: string, beside: string[], path: string): boolean =>
  nearest(missing, beside) !== undefined ||
  beside.some(word => borrowedFor(word, [missing]) !== undefined) ||
  (path === '' && missing === 'metadata' && beside.includes('name')) ||
  (path === '' && missing === 'spec' && beside.some(word => specFields.has(word)))

const standsForVerb = (word: string): boolean =>
  nearest(word, verbs) !== undefined || borrowedFor(word, [...verbs]) !== undefined

const belongsTo =
  (path: string) =>
  (field: string): boolean =>
    path === '/metadata'
      ? Object.hasOwn(schema.$defs.metadata.properties, field)
      : path === '/spec' && specFields.has(field)

const isHandler = (error: ErrorObject): boolean => error.parentSchema === (schema.$defs.handler as object)
