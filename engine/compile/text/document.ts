import type { Json, JsonObject } from '../../model/json.ts'
import type { Diagnostic, DiagnosticCode } from './diagnostic.ts'

/** A stretch of a file's text: offsets, `end` is one past the last. */
export type Span = { start: number; end: number }

/** Where a value stands: the list or object that holds it, and its key or position there. */
export type Place = { owner: Json[] | JsonObject | null; key: string | number }

/** One document of a file as plain values, and the way back from a value to its place in the text. */
export type Document = {
  file: string
  text: string
  lines: LineIndex
  /** Offsets of the document in the text. */
  span: Span
  /** With the comments around it. */
  written: Span
  /** Where each list and object stands. */
  origin: Map<object, Marks>
  /** Of objects with merge keys (`<<`): where the fields come from that are not their own. */
  merged: Map<object, Map<string, JsonObject>>
  value: Json
}

/**
 * Where a list or an object stands, and its parts: of an object by the keys as written, and in `at`, four numbers for each part, where its
 * key and its value begin and end; -1: nowhere. Kept instead of the parser's own tree, which is ten times as large.
 */
export type Marks = Span & { keys: (string | undefined)[] | null; at: number[] }

/** Offsets of the first characters of all lines. */
export type LineIndex = number[]

export const lineIndex = (text: string): LineIndex => {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Line and column, from 1. */
export const position = (lines: LineIndex, offset: number): { line: number; column: number } => {
  let low = 0
  let high = lines.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (lines[middle]! <= offset) low = middle
    else high = middle
  }
  return { line: low + 1, column: offset - lines[low]! + 1 }
}

/** Where a value stands in the text; of a merged one that is where it was merged from; of an added one it is its owner's place. */
export const valueSpan = (document: Document, { owner, key }: Place): Span => {
  if (owner === null) return document.origin.get(document.value as object) ?? document.span
  const source = document.merged.get(owner)?.get(key as string)
  if (source) return valueSpan(document, { owner: source, key })
  const marks = document.origin.get(owner)
  if (!marks) return document.span
  const part = partOf(marks, key)
  return spanAt(marks, part + 2) ?? spanAt(marks, part) ?? marks
}

/** Where the key of a value stands; for an item of a list, the item itself. */
export const keySpan = (document: Document, place: Place): Span => {
  const { owner, key } = place
  const source = owner === null ? undefined : document.merged.get(owner)?.get(key as string)
  if (source) return keySpan(document, { owner: source, key })
  const marks = owner === null ? undefined : document.origin.get(owner)
  if (!marks?.keys) return valueSpan(document, place)
  return spanAt(marks, partOf(marks, key)) ?? marks
}

/**
 * Where a part of a scalar's value stands in the file. Its text is looked for from the scalar's start on; where escapes
 * or folded lines hide it, the scalar's start is all there is to say.
 */
export const spanInText = (document: Document, place: Place, span: Span): Span => {
  const scalar = valueSpan(document, place)
  const value = (place.owner as JsonObject | null)?.[place.key]
  if (typeof value !== 'string') return scalar
  const raw = document.text.slice(scalar.start, scalar.end)
  const wanted = value.slice(span.start, span.end)
  let at = -1
  for (
    let before = value.indexOf(wanted);
    before !== -1 && before <= span.start;
    before = value.indexOf(wanted, before + 1)
  ) {
    at = raw.indexOf(wanted, at + 1)
    if (at === -1) return scalar
  }
  return at === -1 ? scalar : { start: scalar.start + at, end: scalar.start + at + wanted.length }
}

/** `file:line:col` of a value. */
export const placeText = (document: Document, place: Place): string => {
  const { line, column } = position(document.lines, valueSpan(document, place).start)
  return `${document.file}:${line}:${column}`
}

/** A diagnostic about a stretch of a document; the carets end with its first line. */
export const diagnose = (
  document: Document,
  span: Span,
  code: DiagnosticCode,
  message: string,
  severity: 'error' | 'warning' = 'error',
): Diagnostic => {
  const { line, column } = position(document.lines, span.start)
  const lineEnd = (document.lines[line] ?? document.text.length + 1) - 1
  const end = Math.max(Math.min(span.end, lineEnd), span.start + 1)
  return { severity, code, message, file: document.file, line, column, endColumn: column + end - span.start }
}

/** Where in `at` a part begins; far behind its end where there is none. */
const partOf = ({ keys, at }: Marks, key: string | number): number => {
  const index =
    keys === null ? (key as number) : keys.length <= 16 ? keys.indexOf(String(key)) : indexOf(keys, String(key))
  return index < 0 ? at.length : 4 * index
}

const spanAt = ({ at }: Marks, index: number): Span | undefined =>
  index < at.length && at[index] !== -1 ? { start: at[index]!, end: at[index + 1]! } : undefined

/** Large objects are searched once and kept as an index. */
const indexOf = (keys: (string | undefined)[], key: string): number => {
  let index = indexes.get(keys)
  if (!index) {
    index = new Map(keys.map((one, i) => [one, i]))
    indexes.set(keys, index)
  }
  return index.get(key) ?? -1
}

const indexes = new WeakMap<(string | undefined)[], Map<string | undefined, number>>()
