import { isObject, type Json, type JsonObject } from '../../model/json.ts'

/**
 * A JSON Schema as a TypeScript type, in one line unless properties have descriptions. What TypeScript has no word for (patterns,
 * ranges) is left out, so every value that fits the schema fits the type.
 *
 * @param root where `#/…` of the schema is looked up
 */
export const typeText = (schema: Json | undefined, root: Json = schema ?? true, open: string[] = []): string => {
  if (schema === false) return 'never'
  if (!isObject(schema)) return 'unknown'
  if (typeof schema.$ref === 'string') return refText(schema.$ref, root, open)
  const parts = [own(schema, root, open), ...combined(schema, root, open)].filter(text => text !== 'unknown')
  return parts.length === 0 ? 'unknown' : parts.length === 1 ? parts[0]! : parts.map(bracketed).join(' & ')
}

/** A property's name, quoted where it must be. */
export const propertyText = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))

/** Properties as the inside of a type's braces. */
export const membersText = (
  properties: JsonObject,
  isRequired: (name: string) => boolean,
  root: (name: string) => Json,
  open: string[] = [],
): string =>
  Object.entries(properties)
    .map(([name, schema]) => {
      const text = `${propertyText(name)}${isRequired(name) ? '' : '?'}: ${typeText(schema, root(name), open)}`
      const description = isObject(schema) && typeof schema.description === 'string' ? schema.description : ''
      return description ? `/** ${description.replaceAll('*/', '* /').replace(/\s+/g, ' ')} */ ${text}` : text
    })
    .join('; ')

const own = (schema: JsonObject, root: Json, open: string[]): string => {
  if (Object.hasOwn(schema, 'const')) return JSON.stringify(schema.const)
  if (Array.isArray(schema.enum)) return union(schema.enum.map(value => JSON.stringify(value)))
  const types =
    typeof schema.type === 'string' ? [schema.type] : Array.isArray(schema.type) ? schema.type : guess(schema)
  return types.length === 0 ? 'unknown' : union(types.map(type => oneType(String(type), schema, root, open)))
}

/** Without a `type`, what its keywords are about. */
const guess = (schema: JsonObject): string[] =>
  isObject(schema.properties) ? ['object'] : Object.hasOwn(schema, 'items') ? ['array'] : []

const oneType = (type: string, schema: JsonObject, root: Json, open: string[]): string => {
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'array') return listText(schema, root, open)
  if (type === 'object') return objectText(schema, root, open)
  return type === 'string' || type === 'boolean' || type === 'null' ? type : 'unknown'
}

const listText = (schema: JsonObject, root: Json, open: string[]): string => {
  if (Array.isArray(schema.prefixItems)) {
    const rest = schema.items === false ? [] : [`...${bracketed(typeText(schema.items, root, open))}[]`]
    return `[${[...schema.prefixItems.map(item => typeText(item, root, open)), ...rest].join(', ')}]`
  }
  return `${bracketed(typeText(schema.items, root, open))}[]`
}

const objectText = (schema: JsonObject, root: Json, open: string[]): string => {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  const members = membersText(
    properties,
    name => required.has(name),
    () => root,
    open,
  )
  if (members) return `{ ${members} }`
  if (schema.additionalProperties === false) return 'Record<string, never>'
  return `{ [name: string]: ${isObject(schema.additionalProperties) ? typeText(schema.additionalProperties, root, open) : 'unknown'} }`
}

const combined = (schema: JsonObject, root: Json, open: string[]): string[] => [
  ...(['anyOf', 'oneOf'] as const).flatMap(keyword => {
    const members = schema[keyword]
    return Array.isArray(members) ? [union(members.map(member => typeText(member, root, open)))] : []
  }),
  ...(Array.isArray(schema.allOf) ? schema.allOf.map(member => typeText(member, root, open)) : []),
]

/** What a local reference points to; unknown where it points elsewhere, or to what it is inside of. */
const refText = (ref: string, root: Json, open: string[]): string => {
  if (!ref.startsWith('#') || open.includes(ref)) return 'unknown'
  let target: Json | undefined = root
  for (const segment of ref.slice(1).split('/').slice(1)) {
    const name = decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~')
    target = isObject(target) && Object.hasOwn(target, name) ? target[name] : undefined
  }
  return target === undefined ? 'unknown' : typeText(target, root, [...open, ref])
}

const union = (texts: string[]): string => {
  const different = [...new Set(texts)]
  return different.includes('unknown') || different.length === 0 ? 'unknown' : different.join(' | ')
}

const bracketed = (text: string): string => (/ [|&] /.test(text) ? `(${text})` : text)
