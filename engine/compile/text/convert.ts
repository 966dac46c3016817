import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
import type { Json, JsonObject } from '../../model/json.ts'
import type { Diagnostic } from './diagnostic.ts'
import { type Document, diagnose, type Marks, type Span } from './document.ts'
import { limits } from './limit.ts'

/**
 * YAML as plain values, noting in `document.origin` where each list and object comes from. Aliases share one value;
 * merge keys (`<<`) give what the object does not have itself.
 */
export const convert = (document: Document, contents: Node | null, diagnostics: Diagnostic[]): Json => {
  const state: State = { document, diagnostics, anchors: new Map(), heights: new Map(), depth: 0, aliases: 0, size: 0 }
  return value(state, contents)
}

type State = {
  document: Document
  diagnostics: Diagnostic[]
  anchors: Map<string, { value: Json; size: number }>
  /** How many levels lists and objects have below them; asked for where they are used again. */
  heights: Map<object, number>
  depth: number
  aliases: number
  /** How many values there are with aliases written out. */
  size: number
}

const value = (state: State, node: unknown): Json => {
  if (node === null || node === undefined) return null
  if (!isScalar(node) && isAlias(node)) return alias(state, node as Node & { source: string })
  const before = state.size++
  const result = isScalar(node) ? scalar(state, node) : isMap(node) ? object(state, node) : list(state, node as YAMLSeq)
  const anchor = (node as { anchor?: string }).anchor
  if (anchor) state.anchors.set(anchor, { value: result, size: state.size - before })
  return result
}

const list = (state: State, node: YAMLSeq): Json => {
  const items: Json[] = []
  state.depth++
  const at: number[] = []
  for (const item of node.items) {
    at.push(-1, -1)
    mark(at, item)
    items.push(value(state, item))
  }
  state.depth--
  state.document.origin.set(items, marksOf(state, node, null, at))
  return items
}

const object = (state: State, node: YAMLMap): Json => {
  const result: JsonObject = {}
  const keys: (string | undefined)[] = []
  const at: number[] = []
  state.document.origin.set(result, marksOf(state, node, keys, at))
  const merges: Pair[] = []
  state.depth++
  let double = false
  for (const pair of node.items) {
    const { key } = pair
    mark(at, key)
    mark(at, pair.value)
    keys.push(isScalar(key) && typeof key.value !== 'symbol' ? String(key.value) : undefined)
    if (isScalar(key) && typeof key.value === 'symbol') merges.push(pair)
    else if (isScalar(key) && key.value !== null) {
      const name = typeof key.value === 'string' ? key.value : String(key.source ?? key.value)
      const again = Object.hasOwn(result, name)
      // Several in a row are one mistake: what separates two items, or two documents, was forgotten.
      if (again && !double)
        problem(state, key, 'DUPLICATE_KEY', `"${name}" stands here twice${separator(state, result, name)}`)
      if (!again) property(state, result, pair, name)
      double = again
    } else badKey(state, node, key as Node)
  }
  for (const pair of merges) merge(state, result, pair)
  state.depth--
  return result
}

/** Adds where a node begins and ends. */
const mark = (at: number[], node: unknown): void => {
  const range = (node as Node | null | undefined)?.range
  if (range) at.push(range[0], range[1])
  else at.push(-1, -1)
}

const marksOf = ({ document: { span } }: State, { range }: Node, keys: Marks['keys'], at: number[]): Marks => ({
  start: range ? range[0] : span.start,
  end: range ? range[1] : span.end,
  keys,
  at,
})

const property = (state: State, result: JsonObject, pair: Pair, key: string): void => {
  if (isPlain(key)) result[key] = value(state, pair.value)
  else if (key === '__proto__') problem(state, pair.key as Node, 'INVALID_YAML', '"__proto__" cannot be a key')
  else if (/^[–—−]/.test(key))
    problem(state, pair.key as Node, 'INVALID_YAML', 'this dash is a typographic one; an item begins with "- "')
  else if (foreignSpace.test(key))
    problem(
      state,
      pair.key as Node,
      'INVALID_YAML',
      'a space before this is none for YAML (copied from a page?); write it anew',
    )
  else result[key] = value(state, pair.value)
}

/** Begins with a letter of ASCII, as almost all keys do. */
const isPlain = (key: string): boolean => {
  const first = key.charCodeAt(0) | 0x20
  return first >= 0x61 && first <= 0x7a
}

/** Spaces that look like one and are part of the text. */
const foreignSpace = /^-?[\u00A0\u2000-\u200B\u202F\u3000]/

/** What was forgotten where a document, or a step, begins again. */
const separator = ({ depth }: State, before: JsonObject, key: string): string => {
  if (Object.keys(before)[0] !== key) return ''
  if (depth === 1) return '; begin another document with a line of ---'
  return key === 'id' || key === 'task' ? '; begin another step with "- "' : ''
}

const merge = (state: State, result: JsonObject, pair: Pair): void => {
  const merged = value(state, pair.value)
  const from = state.document.merged.get(result) ?? new Map<string, JsonObject>()
  state.document.merged.set(result, from)
  for (const source of Array.isArray(merged) ? merged : [merged]) {
    if (typeof source !== 'object' || source === null || Array.isArray(source)) {
      problem(state, pair.key as Node, 'INVALID_YAML', '"<<" wants an alias of an object, or a list of such')
      return
    }
    for (const key of Object.keys(source)) {
      if (Object.hasOwn(result, key)) continue
      result[key] = source[key]!
      from.set(key, source)
    }
  }
}

/** A collection as a key is what YAML makes of an unquoted expression: `{{ x }}` is a map with a map as its key. */
const badKey = (state: State, node: YAMLMap, key: Node | null): void => {
  if (key && (isMap(key) || isSeq(key)) && node.range && state.document.text.startsWith('{{', node.range[0])) {
    const span = { start: node.range[0], end: node.range[1] }
    state.diagnostics.push(diagnose(state.document, span, 'UNQUOTED_EXPRESSION', unquoted(state.document.text, span)))
  } else {
    problem(state, key ?? node, 'INVALID_YAML', 'a key must be a text')
  }
}

/** The message about an expression that stands without quotes. */
export const unquoted = (text: string, { start, end }: Span): string =>
  `an expression must be quoted; write "${text.slice(start, end).replaceAll('"', "'")}"`

const scalar = (state: State, node: Scalar): Json => {
  const { value: content } = node
  if (typeof content === 'string' || typeof content === 'boolean' || content === null) return content
  if (typeof content === 'number' && Number.isFinite(content)) {
    const doubt = doubtful(node.source ?? '', content)
    if (doubt) problem(state, node, 'INVALID_VALUE', doubt)
    return content
  }
  problem(state, node, 'INVALID_VALUE', `${String(node.source ?? content)} is no value that JSON has`)
  return null
}

/** Numbers that would come out as others than was written. */
const doubtful = (source: string, content: number): string | undefined => {
  if (/^[-+]?0[0-7]+$/.test(source))
    return `${source} is ${content} here, where other readers of YAML take it for ${Number.parseInt(source, 8)}; write "${source}" for a text, 0o${source.replace(/^[-+]?0+/, '') || '0'} for an octal number`
  if (/^[-+]?\d+$/.test(source) && !Number.isSafeInteger(content))
    return `${source} has more digits than a number keeps, it would become ${BigInt(content)}; quote it: "${source}"`
  return undefined
}

const alias = (state: State, node: Node & { source: string }): Json => {
  const known = state.anchors.get(node.source)
  if (!known) {
    problem(
      state,
      node,
      'INVALID_YAML',
      `there is no anchor "&${node.source}" before this alias; a text that begins with * must be quoted`,
    )
    return null
  }
  state.aliases++
  state.size += known.size
  if (state.aliases === limits.maxAliases + 1) {
    problem(state, node, 'TOO_MANY_ALIASES', `more than ${limits.maxAliases} aliases`)
  }
  if (state.size > limits.maxExpanded) {
    problem(
      state,
      node,
      'TOO_MANY_ALIASES',
      `with aliases written out there are more than ${limits.maxExpanded} values`,
    )
    state.size = Number.NEGATIVE_INFINITY
  }
  if (state.depth + height(state, known.value) > limits.maxDepth) {
    problem(state, node, 'TOO_DEEP', `with aliases written out nested deeper than ${limits.maxDepth} levels`)
    return null
  }
  return known.value
}

const height = ({ heights }: State, of: Json): number => {
  const measure = (one: Json): number => {
    if (typeof one !== 'object' || one === null) return 0
    let levels = heights.get(one)
    if (levels === undefined) {
      levels = 1
      for (const member of Object.values(one)) levels = Math.max(levels, 1 + measure(member))
      heights.set(one, levels)
    }
    return levels
  }
  return measure(of)
}

const problem = (state: State, node: Node, code: Diagnostic['code'], message: string): void => {
  const { start } = state.document.span
  const span: Span = node.range ? { start: node.range[0], end: node.range[1] } : { start, end: start + 1 }
  state.diagnostics.push(diagnose(state.document, span, code, message))
}
