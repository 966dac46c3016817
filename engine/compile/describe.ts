import type { ErrorObject } from 'ajv/dist/2020.js'
import schema from '../../schemas/manifest.json' with { type: 'json' }
import type { Json, JsonObject } from '../model/json.ts'
import { isObject } from '../model/json.ts'
import { didYouMean } from '../model/similar.ts'
import { hereCalled, kindCalled, shapeOf } from './borrowed.ts'
import type { Diagnostic, DiagnosticCode } from './diagnostic.ts'
import { type Document, diagnose, keySpan, type Place, valueSpan } from './document.ts'
import { isLater, laterKinds } from './later.ts'

/** One thing that the schema of manifests finds wrong with a document. */
export type Mistake = {
  error: ErrorObject
  /** Where the value stands that the error is about. */
  place: Place
  /** The step it stands in, else the document. */
  holder: object
}

export const verbs = ['task', 'chain', 'group', 'chord', 'flow'] as const
export const laterVerbs = ['workflow', 'wait', 'switch']

/** Fields that some kind has in its `spec`. */
export const specFields = new Set(
  Object.entries(schema.$defs).flatMap(([name, part]) =>
    name.endsWith('Spec') ? Object.keys((part as { properties: object }).properties) : [],
  ),
)

/** Whether a document has hardly anything of a manifest. */
export const isForeign = (value: Json): boolean =>
  isObject(value) && schema.required.filter(field => !Object.hasOwn(value, field)).length > 2

/** A mistake in words for people: what was found, what was expected, the way out. */
export const describe = (document: Document, { error, place }: Mistake): Diagnostic => {
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
        `${name} lacks "${error.params.missingProperty}"${missingHint(error)}`,
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
            `${name} must be ${isSchema(error) ? 'a JSON Schema' : wanted(error.params.type)}, not ${typeName(value, written)}${typeHint(error, place, value, written)}`,
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
    `unknown field "${key}"${error.instancePath === '' ? rootHint(key) || didYouMean(key, known) : hereCalled(key, known) || didYouMean(key, known)}`,
  )
}

/** A field at the root that belongs one level down. */
const rootHint = (key: string): string => {
  if (Object.hasOwn(schema.$defs.metadata.properties, key)) return '; it belongs below "metadata"'
  return specFields.has(key) ? '; it belongs below "spec"' : ''
}

const choice = (document: Document, place: Place, value: Json, error: ErrorObject): Diagnostic => {
  const span = valueSpan(document, place)
  const allowed: string[] = error.params.allowedValues
  if (error.instancePath === '/kind') {
    if (laterKinds.includes(String(value))) {
      return diagnose(document, span, 'NOT_YET', `kind "${value}" is not supported yet`)
    }
    const hint = kindCalled(String(value)) || didYouMean(String(value), allowed) || `; kinds are ${allowed.join(', ')}`
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
  const handler = error.schemaPath.includes('/handlerName/') ? handlerOf(text) : undefined
  if (handler)
    return diagnose(
      document,
      span,
      'INVALID_NAME',
      `"${text}" is a file; write its path below tasks/ without the extension: ${handler}`,
    )
  return diagnose(document, span, 'INVALID_NAME', `"${text}" is no name; ${nameRule(error)}`)
}

const missingHint = ({ params, data }: ErrorObject): string => {
  const verb = params.missingProperty === 'do' && verbs.find(each => each in (data as object))
  return verb ? `; write { do: [{ ${verb}: … }] }` : (wayOut[params.missingProperty] ?? '')
}

/** The name of the handler that a file of `tasks/` is. */
const handlerOf = (path: string): string | undefined => /^(?:\.\/)?(?:tasks\/)?([\w/-]+)\.[mc]?[jt]s$/.exec(path)?.[1]

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

/** What to write instead. */
const typeHint = (error: ErrorObject, place: Place, value: Json, written: string): string => {
  const types = [error.params.type].flat()
  if (types.includes('boolean') && typeof value === 'string' && /^(yes|no|on|off|y|n)$/i.test(value))
    return `; write ${/^(yes|on|y)$/i.test(value) ? 'true' : 'false'}`
  if (isSchema(error)) return typeof value === 'string' ? `; write { type: ${value} }` : '; write { type: string }'
  if (types.includes('array') && isObject(value)) return '; begin each item with "- "'
  if (types.includes('array') && typeof value === 'string' && !types.includes('object')) return `; write [${written}]`
  if (types.length === 1 && types[0] === 'object') return shapeOf(place.key)
  return quoteIt(error, value, written)
}

/** Where a JSON Schema is wanted. */
const isSchema = (error: ErrorObject): boolean => {
  const types = [error.params.type].flat()
  return types.length === 2 && types[0] === 'object' && types[1] === 'boolean'
}

/** YAML reads 1.10 as a number, and it would come out as 1.1: where a text is wanted, say how to write one. */
const quoteIt = (error: ErrorObject, value: Json, written: string): string => {
  if (![error.params.type].flat().includes('string')) return ''
  if (typeof value !== 'number' && typeof value !== 'boolean') return ''
  const { pattern } = error.parentSchema as { pattern?: string }
  return pattern && !new RegExp(pattern).test(written) ? `; ${nameRule(error)}` : `; quote it: "${written}"`
}

const nameRule = (error: ErrorObject): string =>
  error.schemaPath.includes('/handlerName/')
    ? 'names of handlers are a path of letters, digits, hyphens and underscores'
    : 'names are small letters, digits and hyphens, a letter first'
