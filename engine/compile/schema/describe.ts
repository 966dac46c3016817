import type { ErrorObject } from 'ajv/dist/2020.js'
import schema from '../../../schemas/manifest.json' with { type: 'json' }
import type { Json, JsonObject } from '../../model/json.ts'
import { isObject } from '../../model/json.ts'
import { didYouMean } from '../../model/similar.ts'
import { stepLists } from '../catalog.ts'
import { hereCalled, kindCalled, missingHint, shapeOf } from './borrowed.ts'
import type { Diagnostic, DiagnosticCode } from '../text/diagnostic.ts'
import { type Document, diagnose, keySpan, type Place, valueSpan } from '../text/document.ts'
import { isLater, laterKinds } from './later.ts'

/** One thing that the schema of manifests finds wrong with a document. */
export type Mistake = {
  error: ErrorObject
  /** Where the value stands that the error is about. */
  place: Place
  /** The step it stands in, else the document. */
  holder: object
}

export const verbs = ['task', 'workflow', 'chain', 'group', 'chord', 'flow'] as const
/** Whether a step may have the field. */
export const isStepField = (field: string): boolean => Object.hasOwn(schema.$defs.step.properties, field)
export const laterVerbs = ['wait', 'switch']

/** Fields that some kind has in its `spec`. */
export const specFields = new Set(
  Object.entries(schema.$defs).flatMap(([name, part]) =>
    name.endsWith('Spec') ? Object.keys((part as { properties: object }).properties) : [],
  ),
)

/** Whether a document has hardly anything of a manifest, or says that it is of another system. */
export const isForeign = (value: Json): value is JsonObject =>
  isObject(value) &&
  (schema.required.filter(field => !Object.hasOwn(value, field)).length > 2 ||
    (typeof value.apiVersion === 'string' &&
      !value.apiVersion.startsWith('tq') &&
      typeof value.kind === 'string' &&
      !kinds.includes(value.kind)))

const kinds = [...schema.properties.kind.enum, ...laterKinds]

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
        `${name} lacks "${error.params.missingProperty}"${lackHint(error)}`,
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
      return at(
        'INVALID_VALUE',
        `${name} must be ${JSON.stringify(error.params.allowedValue)}, not ${typeof value === 'string' ? JSON.stringify(value) : value}`,
      )
    case 'enum':
      return choice(document, place, value, error)
    case 'pattern':
      return badPattern(document, place, value, error)
    case 'maxLength':
      return at('INVALID_NAME', `${name} is longer than ${error.params.limit} letters`)
    case 'minimum':
      return at('INVALID_VALUE', `${name} must be at least ${error.params.limit}, not ${value}`)
    case 'maximum':
      return at('INVALID_VALUE', `${name} must be at most ${error.params.limit}, not ${value}`)
    default:
      return at('INVALID_VALUE', `${name} ${error.message}`)
  }
}

const unknownField = (document: Document, owner: JsonObject, error: ErrorObject): Diagnostic => {
  const key: string = error.params.additionalProperty
  const span = keySpan(document, { owner, key })
  if (isLater(key, error.parentSchema)) {
    const way = error.parentSchema === schema.$defs.taskSpec && Object.hasOwn(schema.$defs.queueSpec.properties, key)
    return diagnose(document, span, 'NOT_YET', `"${key}" is not supported yet${way ? '; a Queue has it' : ''}`)
  }
  const known = knownFields(error)
  const above = error.instancePath === '' ? undefined : emptyAbove(owner, key, known)
  return diagnose(
    document,
    span,
    'UNKNOWN_FIELD',
    `unknown field "${key}"${(above && `; it belongs below "${above}": write spaces before it`) || (error.instancePath === '' ? rootHint(key) : hereCalled(key, known)) || didYouMean(key, known) || elsewhere(key, known, owner)}`,
  )
}

/** Whether an object has only an id and what no step has. */
export const verbless = (step: JsonObject): boolean =>
  Object.keys(step).every(field => field === 'id' || !isStepField(field))

/** The fields that an object may have that has others. */
export const knownFields = (error: ErrorObject): string[] =>
  Object.keys((error.parentSchema as { properties?: object }).properties ?? {})

/** Whose field it is, else which there are. */
const elsewhere = (key: string, known: string[], holder: JsonObject): string => {
  if (Object.hasOwn(schema.$defs.flowSpec.properties.defaults.properties, key) && known.includes('defaults'))
    return `; write it below "defaults", for all steps, or into a step`
  if (known.includes('chain') && verbless(holder)) return `; to run the task write task: ${key}`
  const owner = Object.keys(owners).find(name => Object.hasOwn(owners[name]!, key))
  if (owner) return `; it belongs to ${owner}`
  return known.length > 0 ? `; there are ${known.join(', ')}` : ''
}

const owners: { [name: string]: object } = {
  'a step': schema.$defs.step.properties,
  'a Task': schema.$defs.taskSpec.properties,
  'a Queue': schema.$defs.queueSpec.properties,
  'a workflow': schema.$defs.flowSpec.properties,
  'a Schedule': schema.$defs.scheduleSpec.properties,
}

/**
 * The field above that has nothing in it, which is what an object looks like whose fields are not indented.
 *
 * @param known the fields that the owner may have
 */
export const emptyAbove = (owner: JsonObject, key: string, known: string[]): string | undefined => {
  const above = Object.keys(owner)
  const nearest = above.slice(0, above.indexOf(key)).findLast(field => known.includes(field))
  return nearest !== undefined && owner[nearest] === null ? nearest : undefined
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
  const found = what === JSON.stringify(value) ? '' : `, not ${JSON.stringify(value)}`
  return diagnose(document, span, 'INVALID_VALUE', `${what} must be one of ${allowed.join(', ')}${found}${hint}`)
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
  return diagnose(document, span, 'INVALID_NAME', `"${text}" is no name; ${constantOnly(text) || nameRule(error)}`)
}

const lackHint = ({ params, data }: ErrorObject): string => {
  const verb = params.missingProperty === 'do' && verbs.find(each => each in (data as object))
  if (verb) return `; write { do: [{ ${verb}: … }] }`
  return params.missingProperty === 'kind'
    ? `; it is one of ${schema.properties.kind.enum.join(', ')}`
    : missingHint(params.missingProperty)
}

/** The name of the handler that a file of `tasks/` is. */
const handlerOf = (path: string): string | undefined => /^(?:\.\/)?(?:tasks\/)?([\w/-]+)\.[mc]?[jt]s$/.exec(path)?.[1]

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
    : `${JSON.stringify(value)} is no duration; ${constantOnly(value) || 'write 500ms, 30s, 5m, 1h30m or 2d'}`

/** Where an expression stands that nothing evaluates. */
const constantOnly = (value: Json): string =>
  typeof value === 'string' && value.includes('{{')
    ? 'no expression is possible here but {{ config.… }}, which --values fills in'
    : ''

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
  return typeof value === 'string' ? 'a text' : written.includes('\n') ? String(value) : written
}

/** What to write instead. */
const typeHint = (error: ErrorObject, place: Place, value: Json, written: string): string => {
  const types = [error.params.type].flat()
  const constant = types.includes('object') || types.includes('array') ? '' : constantOnly(value)
  if (constant) return `; ${constant}`
  if (value === null && error.params.type === 'string') return '; write it after the colon'
  if (value === null) return shapeOf(place.key) || '; put below it, further in, what belongs to it'
  if (error.parentSchema === schema.$defs.step)
    return typeof value === 'string' ? `; write { task: ${value} }` : shapeOf(place.key) || '; write { task: … }'
  if (place.key === 'task' && isObject(value)) return '; write task: and a name, and its input beside it, with: { … }'
  if (types.includes('boolean') && (value === 'true' || value === 'false')) return `; leave out the quotes: ${value}`
  if (types.includes('integer') && typeof value === 'string' && /^\d+$/.test(value))
    return `; leave out the quotes: ${value}`
  if (place.key === 'catchUp') return '; write none, last or each'
  if (types.includes('boolean') && typeof value === 'string' && /^(yes|no|on|off|y|n)$/i.test(value))
    return `; write ${/^(yes|on|y)$/i.test(value) ? 'true' : 'false'}`
  if (isSchema(error)) return schemaHint(value)
  if (types.includes('array') && isObject(value)) return '; begin each item with "- "'
  if (place.key === 'onError' && typeof value === 'string') return `; write [{ do: [{ task: ${value} }] }]`
  if (stepLists.has(String(place.key)) && typeof value === 'string') return `; write [{ task: ${value} }]`
  if (error.params.type === 'string' && isObject(value) && typeof value.name === 'string')
    return `; write ${place.key}: ${value.name}`
  if (types.includes('array') && typeof value === 'string' && !types.includes('object')) return `; write [${written}]`
  if (types.includes('object')) return shapeOf(place.key)
  return quoteIt(error, value, written)
}

/** The name of a type alone, or the default alone. */
const schemaHint = (value: Json): string => {
  if (typeof value === 'string' && Object.hasOwn(typeWords, value)) return `; write { type: ${value} }`
  const type = typeof value === 'object' ? 'string' : typeof value
  return typeof value === 'object' ? '; write { type: string }' : `; write { type: ${type}, default: ${value} }`
}

/** Where a JSON Schema is wanted. */
const isSchema = (error: ErrorObject): boolean => {
  const types = [error.params.type].flat()
  return types.length === 2 && types[0] === 'object' && types[1] === 'boolean'
}

/** YAML reads 1.10 as a number, and it would come out as 1.1: where a text is wanted, say how to write one. */
const quoteIt = (error: ErrorObject, value: Json, written: string): string => {
  if (typeof value !== 'number' && typeof value !== 'boolean') return ''
  if (error.params.type !== 'string') return ''
  const { pattern } = error.parentSchema as { pattern?: string }
  return pattern && !new RegExp(pattern).test(written) ? `; ${nameRule(error)}` : `; quote it: "${written}"`
}

const nameRule = (error: ErrorObject): string =>
  error.schemaPath.includes('/handlerName/')
    ? 'names of handlers are a path of letters, digits, hyphens and underscores'
    : 'names are small letters, digits and hyphens, a letter first'
