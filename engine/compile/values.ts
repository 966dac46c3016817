import { isObject, type Json, type JsonObject } from '../model/json.ts'
import type { Diagnostic } from './text/diagnostic.ts'
import { diagnose, type Document, keySpan, type Place, valueSpan } from './text/document.ts'
import { parse, type Source } from './text/parse.ts'

/** What `config` is in expressions: values from files, and which of them somebody asked for. */
export type Values = {
  value: JsonObject
  /** Whether any file of values was given. */
  given: boolean
  /** Some could not be read: what is missing may be in there. */
  broken: boolean
  documents: Document[]
  /** Paths that were asked for: `mail.from`. */
  used: Set<string>
}

/** Reads files of values: each one object. Of two that have a key the later wins; where both have objects these are merged. */
export const readValues = (sources: Source[], diagnostics: Diagnostic[]): Values => {
  const values: Values = { value: {}, given: sources.length > 0, broken: false, documents: [], used: new Set() }
  for (const source of sources) {
    const parsed = parse(source)
    diagnostics.push(...parsed.diagnostics)
    values.broken ||= parsed.diagnostics.length > 0
    for (const document of parsed.documents) {
      const wrong = problemOf(document)
      if (wrong) {
        diagnostics.push(wrong)
        values.broken = true
      } else {
        values.value = merged(values.value, document.value as JsonObject)
        values.documents.push(document)
      }
    }
  }
  return values
}

/** A warning for each value that nothing asked for, at its key. */
export const unusedValues = ({ documents, used }: Values): Diagnostic[] => {
  const asked = [...used]
  const isUsed = (path: string) => asked.some(one => one === path || path.startsWith(`${one}.`))
  const isAbove = (path: string) => asked.some(one => one.startsWith(`${path}.`))
  return documents.flatMap(document => {
    const find = (owner: JsonObject, lead: string): Diagnostic[] =>
      Object.keys(owner).flatMap(key => {
        const path = `${lead}${key}`
        const inner = owner[key]!
        if (isUsed(path)) return []
        if (isAbove(path) && isObject(inner)) return find(inner, `${path}.`)
        const message = `no manifest of these asks for config.${path}`
        return [diagnose(document, keySpan(document, { owner, key }), 'UNUSED_VALUE', message, 'warning')]
      })
    return find(document.value as JsonObject, '')
  })
}

const problemOf = (document: Document): Diagnostic | undefined => {
  if (!isObject(document.value)) {
    const message = 'a file of values is an object: { name: value }'
    return diagnose(document, document.span, 'INVALID_TYPE', message)
  }
  const place = expressionIn(document.value)
  if (!place) return undefined
  const message = 'a value is not evaluated: write what it is to be, without {{ }}'
  return diagnose(document, valueSpan(document, place), 'INVALID_VALUE', message)
}

const expressionIn = (owner: Json[] | JsonObject): Place | undefined => {
  for (const [key, value] of Object.entries(owner)) {
    const place = { owner, key: Array.isArray(owner) ? Number(key) : key }
    if (typeof value === 'string' && value.includes('{{')) return place
    const inner = typeof value === 'object' && value !== null ? expressionIn(value) : undefined
    if (inner) return inner
  }
  return undefined
}

const merged = (first: JsonObject, second: JsonObject): JsonObject => {
  const result = { ...first }
  for (const [key, value] of Object.entries(second)) {
    const before = Object.hasOwn(first, key) ? first[key]! : undefined
    result[key] = isObject(before) && isObject(value) ? merged(before, value) : value
  }
  return result
}
