import { isMap, isScalar, isSeq, type Node, type Pair } from 'yaml'
import type { Json, JsonObject } from '../model/json.ts'
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
  /** The YAML of each list and object. */
  origin: Map<object, Node>
  /** Of objects with merge keys (`<<`): where the fields come from that are not their own. */
  merged: Map<object, Map<string, JsonObject>>
  value: Json
}

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
  if (owner === null) return nodeSpan(rootNode(document)) ?? document.span
  const source = document.merged.get(owner)?.get(key as string)
  if (source) return valueSpan(document, { owner: source, key })
  const node = document.origin.get(owner)
  if (isSeq(node)) return nodeSpan(node.items[key as number] as Node) ?? nodeSpan(node) ?? document.span
  if (!isMap(node)) return nodeSpan(node) ?? document.span
  const pair = pairOf(node.items, key)
  return nodeSpan(pair?.value as Node) ?? nodeSpan(pair?.key as Node) ?? nodeSpan(node) ?? document.span
}

/** Where the key of a value stands; for an item of a list, the item itself. */
export const keySpan = (document: Document, place: Place): Span => {
  const { owner, key } = place
  const source = owner === null ? undefined : document.merged.get(owner)?.get(key as string)
  if (source) return keySpan(document, { owner: source, key })
  const node = owner === null ? undefined : document.origin.get(owner)
  if (!isMap(node)) return valueSpan(document, place)
  return nodeSpan(pairOf(node.items, place.key)?.key as Node) ?? nodeSpan(node) ?? document.span
}

/** The YAML of a value; undefined where it has none of its own (merged, added). */
export const nodeAt = (document: Document, { owner, key }: Place): Node | undefined => {
  const node = owner === null ? undefined : document.origin.get(owner)
  if (isSeq(node)) return node.items[key as number] as Node | undefined
  return isMap(node) ? (pairOf(node.items, key)?.value as Node | undefined) : undefined
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

const rootNode = (document: Document): Node | undefined =>
  typeof document.value === 'object' && document.value !== null ? document.origin.get(document.value) : undefined

const nodeSpan = (node: Node | null | undefined): Span | undefined =>
  node?.range ? { start: node.range[0], end: node.range[1] } : undefined

/** The pair of a key; large maps are searched once and kept as an index. */
const pairOf = (items: Pair[], key: string | number): Pair | undefined => {
  if (items.length <= 16) return items.find(pair => keyOf(pair) === key)
  let index = indexes.get(items)
  if (!index) {
    index = new Map(items.map(pair => [keyOf(pair), pair]))
    indexes.set(items, index)
  }
  return index.get(String(key))
}

const indexes = new WeakMap<Pair[], Map<string | undefined, Pair>>()

const keyOf = (pair: Pair): string | undefined =>
  isScalar(pair.key) && typeof pair.key.value !== 'symbol' ? String(pair.key.value) : undefined
