import handlebars from 'handlebars'
import type { Json } from '../../model/json.ts'
import { rewrite } from './rewrite.ts'

/** An expression as written; `start` and `end` are offsets in the scalar's text. */
export type Written =
  | { kind: 'literal'; value: Json; start: number; end: number }
  | { kind: 'path'; segments: string[]; start: number; end: number; source: string }
  | { kind: 'call'; helper: string; args: Written[]; start: number; end: number; source: string }

/** What a scalar's text is: plain, one expression, text with expressions in it, or wrong. */
export type Scalar =
  | { kind: 'plain'; text: string }
  | { kind: 'whole'; expression: Written }
  | { kind: 'mixed'; parts: (string | Written)[] }
  | { kind: 'wrong'; message: string; start: number; end: number }

/**
 * Reads the text of a scalar: Handlebars' syntax, of which paths, literals and calls of helpers are allowed. The
 * commonest, plain paths with or without text around, are read without Handlebars, which takes 17 µs for each scalar.
 */
export const readScalar = (text: string): Scalar => {
  const paths = readPaths(text)
  if (paths) return fromParts(paths)
  const deep = tooDeepAt(text)
  if (deep !== null)
    return { kind: 'wrong', message: `nested deeper than ${maxNesting} levels`, start: deep, end: deep + 1 }
  try {
    const lines = lineStarts(text)
    const { body } = handlebars.parseWithoutProcessing(text) as hbs.AST.Program
    return fromParts(body.map(statement => part(text, lines, statement)))
  } catch (error) {
    if (error instanceof Refused) return { kind: 'wrong', message: error.message, start: error.start, end: error.end }
    return syntaxError(text)
  }
}

const maxNesting = 64

/** Where too many parentheses are open: what is read and resolved by recursion must end somewhere. */
const tooDeepAt = (text: string): number | null => {
  let depth = 0
  for (let at = text.indexOf('('); at !== -1 && at < text.length; at++) {
    if (text[at] === '(' && ++depth > maxNesting) return at
    if (text[at] === ')') depth--
  }
  return null
}

/** The parts of a text whose expressions are all plain paths; null where one is not. */
const readPaths = (text: string): (string | Written)[] | null => {
  if (text.includes('\\') || text.includes('{{{') || text.includes('${{')) return null
  const parts: (string | Written)[] = []
  let from = 0
  for (const match of text.matchAll(plainPath)) {
    const before = text.slice(from, match.index)
    const [all, space, source] = match as unknown as [string, string, string]
    const segments = source.split('.')
    if (before.includes('{{') || keywords.has(segments[0]!)) return null
    const start = match.index + 2 + space.length
    if (before !== '') parts.push(before)
    parts.push({ kind: 'path', segments, start, end: start + source.length, source })
    from = match.index + all.length
  }
  const rest = text.slice(from)
  if (rest.includes('{{')) return null
  return rest === '' ? parts : [...parts, rest]
}

const plainPath = /\{\{(\s*)([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)\s*\}\}/g
const keywords = new Set(['true', 'false', 'null', 'undefined', 'this', 'else', 'as'])

class Refused extends Error {
  readonly start: number
  readonly end: number
  constructor(message: string, span: Span) {
    super(message)
    this.start = span.start
    this.end = span.end
  }
}

/** One expression alone keeps its type; space around it does not count. */
const fromParts = (parts: (string | Written)[]): Scalar => {
  const outer = parts.filter(one => typeof one !== 'string' || one.trim() !== '')
  if (outer.length === 1 && typeof outer[0] !== 'string') return { kind: 'whole', expression: outer[0]! }
  if (parts.every(one => typeof one === 'string')) return { kind: 'plain', text: parts.join('') }
  return { kind: 'mixed', parts }
}

/** `${{ x }}` is how GitHub writes an expression, and here a dollar sign before one. */
const dollar = (text: string, { start }: Span): void => {
  if (text[start - 1] !== '$') return
  const rest = text.slice(start, text.indexOf('}}', start) + 2)
  const inside = rest.slice(2, -2).trim()
  const message = `an expression is written without "$": ${rest}; for a dollar sign before a value write {{ concat '$' ${/\s/.test(inside) ? `(${inside})` : inside} }}`
  throw new Refused(message, { start: start - 1, end: start + rest.length })
}

const part = (text: string, lines: number[], statement: hbs.AST.Statement): string | Written => {
  const span = spanOf(lines, statement.loc)
  if (statement.type === 'ContentStatement') return (statement as hbs.AST.ContentStatement).value
  if (statement.type !== 'MustacheStatement') throw new Refused(refusals[statement.type] ?? 'not an expression', span)
  const mustache = statement as hbs.AST.MustacheStatement
  dollar(text, span)
  if (text.startsWith('{{{', span.start) || !mustache.escaped) {
    throw new Refused('write two braces: nothing is escaped anyway', span)
  }
  if (mustache.strip?.open || mustache.strip?.close) throw new Refused('"~" is not supported', span)
  return callOrPath(text, lines, mustache, inner(text, span))
}

const refusals: { [type: string]: string } = {
  BlockStatement: 'blocks are not supported; use (if …) for a value, `when` and `forEach` for steps',
  PartialStatement: 'partials are not supported',
  PartialBlockStatement: 'partials are not supported',
  CommentStatement: 'comments stand outside of expressions: # in YAML',
  Decorator: 'decorators are not supported',
  DecoratorBlock: 'decorators are not supported',
}

/** `a.b ?? c` parses, as a call of `a.b` with two arguments. */
const notHelper = (text: string, head: { source: string; start: number; end: number }, span: Span): Refused => {
  const written = text.slice(span.start, span.end)
  const hint = rewrite(written)
  if (hint) return new Refused(`${hint.reason}; write {{ ${hint.rewritten} }}`, span)
  if (arithmetic.test(written)) return new Refused(noArithmetic, span)
  return new Refused(`"${head.source}" is no helper`, head)
}

type Span = { start: number; end: number }
type Call = { path: hbs.AST.Expression; params: hbs.AST.Expression[]; hash?: hbs.AST.Hash }

const callOrPath = (text: string, lines: number[], call: Call, span: Span): Written => {
  if (call.hash?.pairs.length) throw new Refused('arguments have no names; they follow in their order', span)
  const head = expression(text, lines, call.path)
  if (head.kind !== 'path') {
    if (call.params.length > 0) throw new Refused('a helper must come first: {{ helper argument }}', span)
    return head
  }
  if (call.params.length === 0) return head
  if (head.segments.length > 1) throw notHelper(text, head, span)
  const args = call.params.map(param => expression(text, lines, param))
  return { kind: 'call', helper: head.source, args, ...span, source: text.slice(span.start, span.end) }
}

const expression = (text: string, lines: number[], node: hbs.AST.Expression): Written => {
  const span = spanOf(lines, node.loc)
  switch (node.type) {
    case 'PathExpression':
      return path(text, node as hbs.AST.PathExpression, span)
    case 'SubExpression':
      return subExpression(text, lines, node as hbs.AST.SubExpression, span)
    case 'StringLiteral':
    case 'NumberLiteral':
    case 'BooleanLiteral':
      return { kind: 'literal', value: (node as hbs.AST.StringLiteral).value, ...span }
    case 'NullLiteral':
      return { kind: 'literal', value: null, ...span }
    default:
      throw new Refused(`"${text.slice(span.start, span.end)}" is not supported`, span)
  }
}

/** `(list)` is a call without arguments; `(x)` of anything but a helper is found out when names are resolved. */
const subExpression = (text: string, lines: number[], node: hbs.AST.SubExpression, span: Span): Written => {
  const written = callOrPath(text, lines, node, { start: span.start + 1, end: span.end - 1 })
  if (written.kind !== 'path' || written.segments.length > 1) return written
  return {
    kind: 'call',
    helper: written.source,
    args: [],
    start: written.start,
    end: written.end,
    source: written.source,
  }
}

const path = (text: string, node: hbs.AST.PathExpression, span: Span): Written => {
  const source = text.slice(span.start, span.end)
  if (node.data)
    throw new Refused(`"${source}" is not supported; values come from inputs, steps, run, error, loop`, span)
  if (node.depth > 0 || /^(this\b|\.)/.test(source)) throw new Refused(`"${source}": a path starts with a name`, span)
  if (source.includes('/')) throw new Refused(`"${source}": segments are joined by dots`, span)
  return { kind: 'path', segments: node.parts as string[], ...span, source }
}

const lineStarts = (text: string): number[] => {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

const spanOf = (lines: number[], loc: hbs.AST.SourceLocation): { start: number; end: number } => ({
  start: (lines[loc.start.line - 1] ?? 0) + loc.start.column,
  end: (lines[loc.end.line - 1] ?? 0) + loc.end.column,
})

/** The span of what stands between the braces, without outer space. */
const inner = (text: string, span: Span): { start: number; end: number } => {
  const content = text.slice(span.start + 2, span.end - 2)
  const start = span.start + 2 + content.length - content.trimStart().length
  return { start, end: start + content.trim().length }
}

/** Finds the expression that does not parse and, where it can, says how to write it. */
const syntaxError = (text: string): Scalar => {
  const expressions = [...text.matchAll(/\{\{([\s\S]*?)\}\}/g)]
  const wrong = expressions.find(match => !parses(match[0])) ?? expressions[0]
  const found = wrong ? inner(text, { start: wrong.index, end: wrong.index + wrong[0].length }) : undefined
  const span = found && found.end > found.start ? found : { start: Math.max(0, text.indexOf('{{')), end: text.length }
  const alone = unpaired(text, span)
  const written = text.slice(span.start, span.end)
  const hint = alone ? undefined : rewrite(written)
  if (hint && parses(`{{ ${hint.rewritten} }}`))
    return { kind: 'wrong', message: `${hint.reason}; write {{ ${hint.rewritten} }}`, ...span }
  if (!wrong) return { kind: 'wrong', message: 'the expression does not end: "}}" is missing', ...span }
  const empty = /^\{*\s*\}*$/.test(written)
  if (empty) return { kind: 'wrong', message: 'the expression is empty', ...span }
  if (/^(else|end|endif|endfor)\b/.test(written)) return { kind: 'wrong', message: refusals.BlockStatement!, ...span }
  return { kind: 'wrong', message: arithmetic.test(written) ? noArithmetic : notExpression, ...span, ...alone }
}

/** The quote or parenthesis that has no other. */
const unpaired = (
  text: string,
  { start, end }: { start: number; end: number },
): { message: string; start: number; end: number } | undefined => {
  const open: number[] = []
  for (let at = start; at < end; at++) {
    const character = text[at]!
    if (character === '"' || character === "'") {
      const closing = text.indexOf(character, at + 1)
      if (closing === -1 || closing >= end)
        return { message: `this text has no closing ${character}`, start: at, end: at + 1 }
      at = closing
    } else if (character === '(') open.push(at)
    else if (character === ')' && open.pop() === undefined)
      return { message: 'this ")" has no opening "("', start: at, end: at + 1 }
  }
  const last = open.at(-1)
  return last === undefined ? undefined : { message: 'this "(" has no closing ")"', start: last, end: last + 1 }
}

const parses = (text: string): boolean => {
  try {
    handlebars.parseWithoutProcessing(text)
    return true
  } catch {
    return false
  }
}

const arithmetic = / [-*/%] /
const noArithmetic = 'expressions do not calculate; let the task do it'
const notExpression = 'not an expression; write a path, or a helper and its arguments: {{ helper path (helper path) }}'
