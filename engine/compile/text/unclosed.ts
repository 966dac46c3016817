import type { Span } from './document.ts'

/**
 * The parser notices a quote without its end at the end of the text. The mistake was made where it was opened: on the nearest line
 * above whose quotes do not come in pairs.
 */
export const unclosedQuote = (text: string, { start }: Span, quote: string): Span & { message: string } => {
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

/**
 * A bracket without its end is noticed on the line after it, or at the end of the text. The mistake was made where it was opened, or
 * where a `#` has made a comment of its end.
 */
export const unclosedBracket = (text: string, noticed: number): (Span & { message: string }) | undefined => {
  const found = text[noticed]
  if (found === ']' || found === '}')
    return {
      start: noticed,
      end: noticed + 1,
      message: `here "${found === ']' ? '}' : ']'}" is expected, not "${found}"`,
    }
  let end = Math.min(noticed, text.length)
  while (end > 0) {
    const from = text.lastIndexOf('\n', end - 1) + 1
    const line = text.slice(from, end)
    const comment = commentAt(line)
    const opened = openAt(comment === -1 ? line : line.slice(0, comment))
    if (opened !== -1) {
      const closing = line[opened] === '{' ? '}' : ']'
      if (comment !== -1 && line.slice(comment).includes(closing))
        return {
          start: from + comment,
          end: from + line.trimEnd().length,
          message: `from the # on this is a comment, with the "${closing}" in it; quote a text that begins with #`,
        }
      return {
        start: from + opened,
        end: from + opened + 1,
        message: `this "${line[opened]}" has no closing "${closing}"`,
      }
    }
    end = from - 1
  }
  return undefined
}

const commentAt = (line: string): number => {
  const found = /(?:^|\s)#(?=[^"']*$)/.exec(line)
  return found ? found.index + found[0].length - 1 : -1
}

/** The innermost bracket of a line that is not closed on it; quoted texts are passed over. */
const openAt = (line: string): number => {
  const open: number[] = []
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!
    if (/["']/.test(character) && /[\s:,[{]|^$/.test(line[at - 1] ?? '')) {
      const end = line.indexOf(character, at + 1)
      if (end !== -1) at = end
    } else if (character === '{' || character === '[') open.push(at)
    else if (character === '}' || character === ']') open.pop()
  }
  return open.at(-1) ?? -1
}
