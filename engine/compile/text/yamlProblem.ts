import type { YAMLError } from 'yaml'
import type { Span } from './document.ts'
import { unclosedBracket, unclosedQuote } from './unclosed.ts'

export type Problem = Pick<YAMLError, 'code' | 'pos' | 'message'>
export type Explained = Span & { message: string }

/** What the parser says of a text, in words for people, and where the mistake was made, which may be before it was noticed. */
export const explainYaml = (text: string, problem: Problem): Explained => {
  const span = { start: problem.pos[0], end: problem.pos[1] }
  const lineStart = text.lastIndexOf('\n', span.start - 1) + 1
  const line = lineAt(text, lineStart)
  const shown: Shown = { text, span, line, lineStart, message: problem.message, code: problem.code }
  for (const explain of explanations) {
    const found = explain(shown)
    if (found) return found
  }
  return { ...span, message: `${(problem.message[0] ?? '').toLowerCase()}${problem.message.slice(1)}` }
}

/** A problem with the line that it was noticed on. */
type Shown = { text: string; span: Span; line: string; lineStart: number; message: string; code: string }

const lineAt = (text: string, start: number): string => {
  const end = text.indexOf('\n', start)
  return text.slice(start, end === -1 ? undefined : end).trimEnd()
}

/** The whole line, without the dashes that begin an item. */
const whole = ({ line, lineStart }: Shown, message: string): Explained => ({
  start: lineStart + /^\s*(?:- +)*/.exec(line)![0].length,
  end: lineStart + line.length,
  message,
})

/** Marks of other formats, and of templates that are filled in before YAML is read. */
const foreignLine = (shown: Shown): Explained | undefined => {
  const trimmed = shown.line.trim()
  if (/^\{\{.*\}\}$/.test(trimmed))
    return whole(
      shown,
      'an expression is a value, it cannot stand for lines; for steps that depend on something write `when` or `forEach`',
    )
  if (/^(\/\/|\/\*)/.test(trimmed)) return whole(shown, 'comments begin with # in YAML')
  if (trimmed.startsWith('```')) return whole(shown, 'this is Markdown; take away the lines with ```')
  if (/^(-{2,}|={3,}|\+{3,})$/.test(trimmed))
    return whole(shown, 'between two documents stands a line of three hyphens, at its beginning: ---')
  return undefined
}

const curlyQuotes = ({ line, lineStart, code }: Shown): Explained | undefined => {
  const at = line.search(/[“”„‘’]/)
  if (at === -1 || code === 'TAB_AS_INDENT') return undefined
  return { start: lineStart + at, end: lineStart + at + 1, message: `this is a typographic quote; write " or '` }
}

/** The line from its first letter or dash on. */
const fromIndent = ({ line, lineStart }: Shown, message: string): Explained => ({
  start: lineStart + line.length - line.trimStart().length,
  end: lineStart + line.length,
  message,
})

const superfluous = ({ span, message }: Shown): Explained | undefined => {
  const bracket = /unexpected flow-(?:map|seq)-end token.*"(.)"/i.exec(message)?.[1]
  return bracket ? { ...span, message: `this "${bracket}" has no opening "${bracket === '}' ? '{' : '['}"` } : undefined
}

const unclosed = ({ text, span, message }: Shown): Explained | undefined => {
  if (/closing ["']quote/.test(message)) return unclosedQuote(text, span, /"quote/.test(message) ? '"' : "'")
  const bracket = /flow (?:map|sequence) in block collection|flow (?:map|sequence).*end with/i.test(message)
  return bracket ? unclosedBracket(text, span.start) : undefined
}

/** Where `- `, `: ` or an indentation is not what it was meant to be. */
const spaces = (shown: Shown): Explained | undefined => {
  const { line, lineStart, message, text, span } = shown
  if (/tabs are not allowed/i.test(message)) return { ...span, message: 'tabs cannot indent in YAML; write spaces' }
  const dash = /^(\s*)-[\w"'{]/.exec(line)
  if (dash && !/^\s*-\d/.test(line)) return fromIndent(shown, 'a space is missing after "-"')
  const colon = /^\s*(?:- )?([\w-]+:)[^\s/]/.exec(line)
  if (colon && /implicit (map )?key/i.test(message)) return whole(shown, `a space is missing after "${colon[1]}"`)
  if (/nested mappings are not allowed/i.test(message)) return nested(shown)
  if (/implicit map keys? need|implicit keys need/i.test(message))
    return whole(
      shown,
      'here a "name: value" is expected; is a colon missing? A text of several lines stands further in than its name',
    )
  if (/sequence item without/i.test(message))
    return whole(
      shown,
      'this stands neither below the lines before it nor begins an item with "- "; look at the spaces before it',
    )
  if (/block sequence may not be used as an implicit map key/i.test(message)) return fromIndent(shown, notIndented)
  if (/items must (all )?start at the same column/i.test(message)) {
    const from = line === '' || text.slice(lineStart, span.end).trim() === '' ? whole(shown, '') : span
    return {
      start: from.start,
      end: from.end,
      message: notIndented,
    }
  }
  return undefined
}

const notIndented = 'this is not indented as the lines that it belongs to; look at the spaces before it'

/** `text: with: colons`, or a line too far in below a name that has its value already. */
const nested = (shown: Shown): Explained => {
  const { text, span, line, lineStart } = shown
  const value = line.slice(span.start - lineStart)
  if (/: |:$/.test(value))
    return {
      ...span,
      end: lineStart + line.length,
      message: `a text with ": " in it must be quoted; write ${quoted(value)}`,
    }
  const next = lineStart + line.length + (text.startsWith('\r', lineStart + line.length) ? 2 : 1)
  return whole(
    { ...shown, lineStart: next, line: lineAt(text, next) },
    'this is further in than the line above it, which has its value already; look at the spaces before it',
  )
}

/** Characters that YAML keeps for itself at the beginning of a text. */
const reserved = (shown: Shown): Explained | undefined => {
  const { text, span, line, lineStart, message } = shown
  const character = /cannot start with (?:reserved|directive indicator) character (.)/.exec(message)?.[1]
  if (character) return { ...span, message: mustQuote(character, meantAt(shown, span.start - lineStart)) }
  if (/alias cannot be an empty string|unexpected alias|alias .*at node end/i.test(message)) {
    const star = line.indexOf('*')
    if (star !== -1) {
      const value = meantAt(shown, star)
      return { start: lineStart + star, end: lineStart + star + value.length, message: mustQuote('*', value) }
    }
  }
  if (/unresolved tag/i.test(message) && text[span.start] === '!')
    return { ...span, message: mustQuote('!', meantAt(shown, span.start - lineStart)) }
  return undefined
}

const mustQuote = (character: string, value: string): string =>
  `a text that begins with ${character} must be quoted; write ${quoted(value)}`

/** What a person meant as the value: the rest of the line, within braces up to the next comma or brace. */
const meantAt = ({ line }: Shown, from: number): string => {
  const rest = line.slice(from).replace(/\s+#.*$/, '')
  return /[{[]/.test(line.slice(0, from)) ? rest.replace(/\s*[,}\]].*$/, '') : rest
}

const quoted = (value: string): string => (value.includes('"') ? `'${value.replaceAll("'", "''")}'` : `"${value}"`)

/** A quote within a quoted text that ends it. */
const endedText = ({ text, span, line, lineStart, message }: Shown): Explained | undefined => {
  if (!/unexpected (scalar|double|single|flow)/i.test(message)) return undefined
  const quote = text.slice(lineStart, span.start).trimEnd().at(-1)
  if (quote === '"')
    return /\{\{[^}]*"$/.test(line.slice(0, span.start - lineStart))
      ? { ...span, message: `the text in double quotes ends before this; within an expression write 'x', not "x"` }
      : {
          ...span,
          message: `the text in double quotes ends before this; a " within it is written \\", or quote it with '`,
        }
  if (quote !== "'") return undefined
  return /\{\{[^}]*'$/.test(line.slice(0, span.start - lineStart))
    ? {
        ...span,
        message: `the text in single quotes ends before this; write " around the whole: "{{ helper path 'x' }}"`,
      }
    : {
        ...span,
        message: `the text in single quotes ends before this; a ' within it is written '', or quote it with "`,
      }
}

/** What stands behind a value on its line, or below it where nothing can. */
const afterValue = ({ span, message }: Shown): Explained | undefined =>
  /at node end/i.test(message)
    ? { ...span, message: 'the value before this has ended already; is a "," missing, a quote, or a "name:"?' }
    : undefined

/** Two fields between braces without a comma. */
const comma = ({ span, line, lineStart, message }: Shown): Explained | undefined => {
  if (/missing , between flow/i.test(message)) return { ...span, message: 'a "," is missing before this' }
  if (!/block collections are not allowed within flow/i.test(message)) return undefined
  const from = span.start - lineStart
  const next = /\s([\w-]+:)(?=\s)/.exec(line.slice(from))
  if (!next) return undefined
  const start = span.start + next.index + 1
  return { start, end: start + next[1]!.length, message: 'a "," is missing before this; or quote the text' }
}

const others = ({ code, span }: Shown): Explained | undefined =>
  code === 'MULTILINE_IMPLICIT_KEY'
    ? { ...span, message: 'here a "name: value" is expected; is a colon missing?' }
    : undefined

const explanations = [
  foreignLine,
  unclosed,
  superfluous,
  endedText,
  curlyQuotes,
  reserved,
  spaces,
  comma,
  afterValue,
  others,
]
