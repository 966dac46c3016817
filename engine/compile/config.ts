import { evaluate, ExpressionError } from '../model/expression.ts'
import { signature } from '../model/helpers/index.ts'
import { isObject, type Json, type JsonObject } from '../model/json.ts'
import type { Expression } from '../model/plan.ts'
import { didYouMean } from '../model/similar.ts'
import type { Diagnostic, DiagnosticCode } from './text/diagnostic.ts'
import {
  diagnose,
  type Document,
  type Marks,
  type Place,
  position,
  type Span,
  spanInText,
  valueSpan,
} from './text/document.ts'
import { braced, escaped } from './expression/print.ts'
import { segmentSpan } from './expression/resolving.ts'
import { readScalar, type Written } from './expression/syntax.ts'
import type { Values } from './values.ts'

/** What became of a document's `config`. */
export type Configured = {
  diagnostics: Diagnostic[]
  /** A value is missing, so that nothing more can be said about the document. */
  unresolved: boolean
  /** The values that went into it, in the shape of a file of values; null: it asks for none. */
  config: JsonObject | null
  /** Scalars that a value went into: what to say of a mistake there, by `line:column`. */
  notes: Map<string, string>
}

/**
 * Puts values in the place of `config.…`, before anything else is made of the document: in its steps as well as in plain fields. A
 * scalar that is one expression becomes what the value is; where other things are asked for as well, the value becomes a literal
 * of the expression. What is missing is a mistake, except in `default` and `coalesce`.
 */
export const configure = (document: Document, values: Values): Configured => {
  const configured: Configured = { diagnostics: [], unresolved: false, config: null, notes: new Map() }
  // Of its own text alone: a file may have thousands of documents.
  if (!document.text.slice(document.written.start, document.written.end).includes('config')) return configured
  const seen = new Set<object>()
  const walk = (owner: Json[] | JsonObject): void => {
    if (seen.has(owner)) return
    seen.add(owner)
    for (const name of Object.keys(owner)) {
      const key = Array.isArray(owner) ? Number(name) : name
      const value = (owner as JsonObject)[key]!
      if (typeof value === 'string') replace(document, values, configured, { owner, key }, value)
      else if (typeof value === 'object' && value !== null) walk(value)
    }
  }
  if (typeof document.value === 'object' && document.value !== null) walk(document.value)
  return configured
}

const replace = (document: Document, values: Values, configured: Configured, place: Place, text: string): void => {
  if (!text.includes('{{') || !text.includes('config')) return
  const scalar = readScalar(text)
  if (scalar.kind === 'wrong' || scalar.kind === 'plain') return
  const reducing: Reducing = { values, asked: new Map(), missing: false, report: reporter(document, configured, place) }
  const parts = scalar.kind === 'whole' ? [scalar.expression] : scalar.parts
  const reduced = parts.map(part => (typeof part === 'string' ? part : reduce(reducing, part, false)))
  configured.unresolved ||= reducing.missing
  if (reducing.asked.size === 0 || reducing.missing) return
  const result =
    scalar.kind === 'whole' ? whole(reduced[0] as Written) : mixed(reducing, reduced as (string | Written)[])
  if (result === undefined) return void (configured.unresolved = true)
  const owner = place.owner as JsonObject
  for (const [path, value] of reducing.asked) {
    if (value === undefined) continue
    configured.config ??= {}
    put(configured.config, path.split('.'), value)
    values.used.add(path)
  }
  const { line, column } = position(document.lines, valueSpan(document, place).start)
  configured.notes.set(`${line}:${column}`, noteOf(reducing.asked))
  owner[place.key] = result
  keepOrigin(document, place, result)
}

type Reducing = {
  values: Values
  /** What was asked for, by its path; undefined: it is missing, and something else stands in for it. */
  asked: Map<string, Json | undefined>
  missing: boolean
  report(code: DiagnosticCode, message: string, span: Span): void
}

const reporter =
  (document: Document, { diagnostics }: Configured, place: Place): Reducing['report'] =>
  (code, message, span) =>
    void diagnostics.push(diagnose(document, spanInText(document, place, span), code, message))

/** The expression with values as literals, and with what these decide already done. Undefined: it is missing, and may be. */
const reduce = (reducing: Reducing, written: Written, covered: boolean): Written | undefined => {
  if (written.kind === 'literal') return written
  if (written.kind === 'path') return written.segments[0] === 'config' ? lookUp(reducing, written, covered) : written
  const { helper } = written
  const before = reducing.asked.size
  const args = written.args.map((arg, index) =>
    reduce(reducing, arg, helper === 'coalesce' || (helper === 'default' && index === 0)),
  )
  if (reducing.asked.size === before) return written
  if (helper === 'default' && args.length === 2 && (args[0] === undefined || args[0].kind === 'literal'))
    return args[0] ?? args[1]
  const call = { ...written, args: args.filter(arg => arg !== undefined) }
  return call.args.length > 0 && call.args.every(arg => arg.kind === 'literal') ? computed(reducing, call) : call
}

const lookUp = (
  reducing: Reducing,
  written: Extract<Written, { kind: 'path' }>,
  covered: boolean,
): Written | undefined => {
  const [, ...path] = written.segments
  let value: Json | undefined = reducing.values.value
  let depth = 0
  for (; depth < path.length && value !== undefined; depth++) {
    const owner: Json = value
    value =
      typeof owner === 'object' && owner !== null && Object.hasOwn(owner, path[depth]!)
        ? (owner as JsonObject)[path[depth]!]
        : undefined
    if (value === undefined && !covered) {
      report(reducing, written, path, depth, owner)
      return written
    }
  }
  if (path.length === 0) {
    reducing.missing = true
    reducing.report('MISSING_VALUE', 'write which value: config.NAME', segmentSpan(written, 0))
    return written
  }
  reducing.asked.set(path.join('.'), value)
  return value === undefined ? undefined : { kind: 'literal', value, start: written.start, end: written.end }
}

const report = (
  reducing: Reducing,
  written: Extract<Written, { kind: 'path' }>,
  path: string[],
  depth: number,
  owner: Json,
): void => {
  reducing.missing = true
  if (reducing.values.broken) return
  const lead = ['config', ...path.slice(0, depth)].join('.')
  const keys = isObject(owner) ? Object.keys(owner) : []
  const way = !reducing.values.given
    ? `${written.source} has no value; give one: --values FILE, with ${path.join('.')} in it`
    : `${lead} has no "${path[depth]}"${didYouMean(path[depth]!, keys) || `; ${keys.length > 0 ? `it has ${keys.slice(0, 5).join(', ')}` : 'it is empty'}`}`
  reducing.report('MISSING_VALUE', way, segmentSpan(written, depth + 1))
}

/** A call of a pure helper whose arguments are all known is its result. */
const computed = (reducing: Reducing, call: Extract<Written, { kind: 'call' }>): Written => {
  const definition = signature(call.helper)
  if (!definition || call.args.length < definition.min || call.args.length > definition.max) return call
  const args = call.args.map(
    (arg): Expression => ({ kind: 'literal', value: (arg as Extract<Written, { kind: 'literal' }>).value }),
  )
  const { helper, source, start, end } = call
  try {
    const value = evaluate({ expression: { kind: 'call', helper, args, source, at: '' } }, { lookup: () => undefined })
    return { kind: 'literal', value, start, end }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    reducing.missing = true
    reducing.report('INVALID_ARGUMENTS', error.message.replace(/^.*? at : /, ''), call)
    return call
  }
}

const whole = (written: Written): Json =>
  written.kind !== 'literal'
    ? braced(written)
    : typeof written.value === 'string'
      ? escaped(written.value)
      : structuredClone(written.value)

/** Text with values in it. Undefined: one of them cannot be put into text, which was reported. */
const mixed = (reducing: Reducing, parts: (string | Written)[]): string | undefined => {
  const wrong = parts.find(
    part => typeof part !== 'string' && part.kind === 'literal' && typeof part.value === 'object',
  ) as Written | undefined
  if (wrong) {
    reducing.report('TYPE_MISMATCH', 'an object, a list or null cannot be put into text; use (json …)', wrong)
    return undefined
  }
  const open = parts.some(part => typeof part !== 'string' && part.kind !== 'literal')
  const text = (part: string | Written): string => {
    if (typeof part === 'string') return escaped(part)
    // A backslash before an expression would take its meaning away.
    if (part.kind === 'literal' && !(open && String(part.value).includes('\\'))) return String(part.value)
    return braced(part)
  }
  const joined = parts.map(text).join('')
  return open ? joined : escaped(joined.replaceAll('\\{{', '{{'))
}

const put = (into: JsonObject, [key, ...rest]: string[], value: Json): void => {
  if (rest.length === 0) into[key!] = value
  else {
    if (typeof into[key!] !== 'object' || into[key!] === null) into[key!] = {}
    put(into[key!] as JsonObject, rest, value)
  }
}

const noteOf = (asked: Reducing['asked']): string =>
  [...asked]
    .map(([path, value]) => {
      const text = value === undefined ? 'missing' : JSON.stringify(value)
      return `config.${path} is ${text.length > 60 ? `${text.slice(0, 59)}…` : text}`
    })
    .join(', ')

/** Mistakes inside of a list or an object that came from a value stand where the expression does. */
const keepOrigin = (document: Document, { owner, key }: Place, value: Json): void => {
  if (typeof value !== 'object' || value === null || !document.origin.has(owner!)) return
  const marks: Marks = { ...valueSpan(document, { owner, key }), keys: null, at: [] }
  const keep = (one: Json): void => {
    if (typeof one !== 'object' || one === null) return
    document.origin.set(one, marks)
    Object.values(one).forEach(keep)
  }
  keep(value)
}
