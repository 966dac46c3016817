import type { YAMLError } from 'yaml'
import type { Span } from './document.ts'

/** What the parser says of a text, in words for people, and where the mistake was made, which may be before it was noticed. */
export const explainYaml = (
  text: string,
  { code, pos, message }: Pick<YAMLError, 'code' | 'pos' | 'message'>,
): Span & { message: string } => {
  const span = { start: pos[0], end: pos[1] }
  const before = text.slice(text.lastIndexOf('\n', pos[0] - 1) + 1, pos[0])
  if (code === 'MISSING_CHAR' && /closing ["']quote/.test(message))
    return unclosed(text, span, /"quote/.test(message) ? '"' : "'")
  if (code === 'MULTILINE_IMPLICIT_KEY')
    return { ...span, message: 'here a "name: value" is expected; is a colon missing?' }
  if (/sequence item without/i.test(message))
    return {
      ...span,
      message:
        'this stands neither below the lines before it nor begins an item with "- "; look at the spaces before it',
    }
  if (/all sequence items must start at the same column|map items must all start at the same column/i.test(message))
    return { ...span, message: 'this is not indented as the lines that it belongs to; look at the spaces before it' }
  if (/unexpected scalar/i.test(message) && /"[^"]*\{\{[^"}]*"$/.test(before))
    return { ...span, message: `the text in double quotes ends before this; within an expression write 'x', not "x"` }
  return { ...span, message: `${(message[0] ?? '').toLowerCase()}${message.slice(1)}` }
}

/**
 * The parser notices a quote without its end at the end of the text. The mistake was made where it was opened: on the nearest line
 * above whose quotes do not come in pairs.
 */
const unclosed = (text: string, { start }: Span, quote: string): Span & { message: string } => {
  for (let end = start; end > 0; ) {
    const from = text.lastIndexOf('\n', end - 1) + 1
    const opened = unpaired(text.slice(from, end), quote)
    if (opened !== -1) return { start: from + opened, end, message: `this text has no closing ${quote}` }
    end = from - 1
  }
  return { start, end: start + 1, message: `a text has no closing ${quote}` }
}

/** The last quote of a line, where it is one too many. */
const unpaired = (line: string, quote: string): number => {
  let opened = -1
  for (let at = line.indexOf(quote); at !== -1; at = line.indexOf(quote, at + 1)) opened = opened === -1 ? at : -1
  return opened
}
