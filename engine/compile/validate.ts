import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import schema from '../../schemas/manifest.json' with { type: 'json' }
import type { Json, JsonObject } from '../model/json.ts'
import { isObject } from '../model/json.ts'
import { didYouMean, nearest } from '../model/similar.ts'
import type { Diagnostic, DiagnosticCode } from './diagnostic.ts'
import { type Document, diagnose, keySpan, type Place, valueSpan } from './document.ts'
import { hereCalled, shapeOf } from './borrowed.ts'
import { isLater, laterKinds } from './later.ts'

export type Validated = {
  diagnostics: Diagnostic[]
  /** The innermost steps (and, outside of steps, the document) that are not as the schema says. */
  broken: Set<object>
}

/** What the schema of manifests finds wrong with a document: one diagnostic for each mistake. */
export const validate = (document: Document): Validated => {
  check ??= new Ajv2020({ allErrors: true, strict: false, verbose: true, logger: false }).compile(schema)
  if (check(document.value)) return { diagnostics: [], broken: new Set() }
  const mistakes = withoutEchoes((check.errors ?? []).map(error => locate(document, error)))
  const diagnostics = mistakes.map(mistake => describe(document, mistake))
  return { diagnostics, broken: new Set(mistakes.map(mistake => mistake.holder)) }
}

let check: ValidateFunction | undefined

type Mistake = {
  error: ErrorObject
  /** Where the value stands that the error is about. */
  place: Place
  /** The step it stands in, else the document. */
  holder: object
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

const stepLists = new Set(['steps', 'chain', 'group', 'flow', 'header', 'do', 'finally'])

/** Drops what only repeats another error: wrappers, what a misspelt key leaves missing, seconds about one value. */
const withoutEchoes = (mistakes: Mistake[]): Mistake[] => {
  const unknown = new Map<string, string[]>()
  for (const { error } of mistakes) {
    if (error.keyword !== 'additionalProperties') continue
    const keys = unknown.get(error.instancePath) ?? []
    keys.push(error.params.additionalProperty)
    unknown.set(error.instancePath, keys)
  }
  const seen = new Set<string>()
  return mistakes.filter(({ error }) => {
    if (error.keyword === 'if' || error.keyword === 'propertyNames' || /\/oneOf\/\d+\//.test(error.schemaPath))
      return false
    const beside = unknown.get(error.instancePath) ?? []
    if (error.keyword === 'required' && nearest(error.params.missingProperty, beside) !== undefined) return false
    if (error.keyword === 'oneOf' && !isObject(error.data)) return false
    if (error.keyword === 'oneOf' && beside.some(key => laterVerbs.includes(key) || nearest(key, verbs) !== undefined))
      return false
    const about = error.params.additionalProperty ?? error.params.missingProperty ?? error.propertyName ?? ''
    const key = `${error.instancePath} ${about}`
    return !seen.has(key) && seen.add(key)
  })
}

export const verbs = ['task', 'chain', 'group', 'chord', 'flow'] as const
const laterVerbs = ['workflow', 'wait', 'switch']

const describe = (document: Document, { error, place }: Mistake): Diagnostic => {
  const value = error.data as Json
  const at = (code: DiagnosticCode, message: string): Diagnostic =>
    diagnose(document, valueSpan(document, place), code, message)
  const name = place.owner === null ? 'the document' : Array.isArray(place.owner) ? 'the item' : `"${place.key}"`
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownField(document, value as JsonObject, error)
    case 'required':
      return diagnose(
        document,
        keySpan(document, place),
        'MISSING_FIELD',
        `${name} lacks "${error.params.missingProperty}"${wayOut[error.params.missingProperty] ?? ''}`,
      )
    case 'oneOf':
      return at('ONE_VERB', `a step has exactly one of ${verbs.join(', ')}; ${verbsOf(value)}`)
    case 'type': {
      const { start, end } = valueSpan(document, place)
      const written = document.text.slice(start, end)
      return error.schemaPath.includes('/duration/')
        ? at('INVALID_DURATION', durationMessage(value))
        : at(
            'INVALID_TYPE',
            `${name} must be ${wanted(error.params.type)}, not ${typeName(value, written)}${quoteIt(error, value, written)}${error.params.type === 'object' ? shapeOf(place.key) : ''}`,
          )
    }
    case 'const':
      return at('INVALID_VALUE', `${name} must be ${JSON.stringify(error.params.allowedValue)}`)
    case 'enum':
      return choice(document, place, value, error)
    case 'pattern':
      return badPattern(document, place, value, error)
    case 'maxLength':
      return at('INVALID_NAME', `${name} is longer than ${error.params.limit} letters`)
    default:
      return at('INVALID_VALUE', `${name} ${error.message}`)
  }
}

const unknownField = (document: Document, owner: JsonObject, error: ErrorObject): Diagnostic => {
  const key: string = error.params.additionalProperty
  const span = keySpan(document, { owner, key })
  if (isLater(key, error.parentSchema)) {
    return diagnose(document, span, 'NOT_YET', `"${key}" is not supported yet`)
  }
  const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {})
  return diagnose(
    document,
    span,
    'UNKNOWN_FIELD',
    `unknown field "${key}"${hereCalled(key, known) || didYouMean(key, known)}`,
  )
}

const choice = (document: Document, place: Place, value: Json, error: ErrorObject): Diagnostic => {
  const span = valueSpan(document, place)
  const allowed: string[] = error.params.allowedValues
  if (error.instancePath === '/kind') {
    if (laterKinds.includes(String(value))) {
      return diagnose(document, span, 'NOT_YET', `kind "${value}" is not supported yet`)
    }
    const hint = didYouMean(String(value), allowed) || `; kinds are ${allowed.join(', ')}`
    return diagnose(document, span, 'UNKNOWN_KIND', `unknown kind ${JSON.stringify(value)}${hint}`)
  }
  const hint =
    place.key === 'scheme' && value === 'gitlab'
      ? '; GitLab sends a token: { scheme: bearer, secret: NAME, header: X-Gitlab-Token }'
      : didYouMean(String(value), allowed)
  const what = typeof place.key === 'number' ? JSON.stringify(value) : `"${place.key}"`
  return diagnose(document, span, 'INVALID_VALUE', `${what} must be one of ${allowed.join(', ')}${hint}`)
}

const badPattern = (document: Document, place: Place, value: Json, error: ErrorObject): Diagnostic => {
  const text = String(error.propertyName ?? value)
  const span = error.propertyName
    ? keySpan(document, { owner: value as JsonObject, key: error.propertyName })
    : valueSpan(document, place)
  if (error.schemaPath.includes('/duration/'))
    return diagnose(document, span, 'INVALID_DURATION', durationMessage(value))
  if (error.schemaPath.includes('/rate/')) {
    return diagnose(
      document,
      span,
      'INVALID_VALUE',
      `"${text}" is no rate; write a count per time, like 100/s or 5/10s`,
    )
  }
  if (place.key === 'maxFailures') {
    return diagnose(document, span, 'INVALID_VALUE', `"${text}" is neither a count nor a share; write 3 or "1%"`)
  }
  if (error.schemaPath.includes('/time/')) {
    const way = 'write 2027-01-31T08:00:00Z, or with +01:00 in place of Z'
    return diagnose(document, span, 'INVALID_VALUE', `"${text}" is no moment; ${way}`)
  }
  if (place.key === 'catchUp')
    return diagnose(
      document,
      span,
      'INVALID_VALUE',
      `"catchUp" must be one of none, last, each${didYouMean(text, ['none', 'last', 'each'])}`,
    )
  const said = hookPattern(place.key, text, error)
  if (said) return diagnose(document, span, 'INVALID_VALUE', said)
  if (error.schemaPath.includes('/except/'))
    return diagnose(document, span, 'INVALID_VALUE', `"${text}" is no day; write 2026-12-25`)
  const rule = error.schemaPath.includes('/handlerName/')
    ? 'a path of letters, digits, hyphens and underscores'
    : 'small letters, digits and hyphens, a letter first'
  return diagnose(document, span, 'INVALID_NAME', `"${text}" is no name; names are ${rule}`)
}

/** What to write for a field that is missing, where its name does not say it. */
const wayOut: { [field: string]: string } = {
  verify: '; say how senders prove who they are, { scheme, secret }, or that they need not, none',
}

/** What is wrong with a text of a Hook. What stands where a secret's name should may be the secret: it is not repeated. */
const hookPattern = (key: Place['key'], text: string, error: ErrorObject): string | undefined => {
  if (error.schemaPath.includes('/secretName/') || key === 'secret')
    return "this is no secret's name; write small letters and digits, like stripe/webhook, and put the secret itself into the environment"
  if (key === 'verify') return `"${text}" is no way to verify; write { scheme, secret }, or none`
  if (key === 'path') return `"${text}" is no path; write /stripe, or /team/stripe`
  return key === 'header' ? `"${text}" is no name of a header` : undefined
}

const durationMessage = (value: Json): string =>
  typeof value === 'number'
    ? `${value} has no unit; write ${value}s or ${value}ms`
    : `${JSON.stringify(value)} is no duration; write 500ms, 30s, 5m, 1h30m or 2d`

const verbsOf = (value: Json): string => {
  const found = verbs.filter(verb => isObject(value) && Object.hasOwn(value, verb))
  return found.length === 0 ? 'this one has none' : `this one has ${found.join(' and ')}`
}

const wanted = (type: string | string[]): string =>
  [type]
    .flat()
    .map(one => typeWords[one as keyof typeof typeWords])
    .join(' or ')

const typeWords = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

const typeName = (value: Json, written: string): string => {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'string' ? 'a text' : written
}

/** YAML reads 1.10 as a number, and it would come out as 1.1: where a text is wanted, say how to write one. */
const quoteIt = (error: ErrorObject, value: Json, written: string): string =>
  [error.params.type].flat().includes('string') && (typeof value === 'number' || typeof value === 'boolean')
    ? `; quote it: "${written}"`
    : ''
