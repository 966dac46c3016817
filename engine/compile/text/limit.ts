/** The largest manifest that is read, bytes. */
export const maxManifestBytes = 32 * 1024 * 1024

/** What a file may not exceed; checked before the parser sees it, which an endless nesting can bring down. */
export const limits = { maxBytes: maxManifestBytes, maxDepth: 64, maxAliases: 1000, maxExpanded: 5_000_000 } as const

export type LimitProblem = { code: 'TOO_LARGE' | 'TOO_DEEP' | 'INVALID_YAML'; offset: number; message: string }

/** The first limit that a text breaks, judged by its characters alone; null where it keeps them all. */
export const checkLimits = (text: string): LimitProblem | null => {
  if (text.length > limits.maxBytes || Buffer.byteLength(text) > limits.maxBytes) {
    return {
      code: 'TOO_LARGE',
      offset: 0,
      message: `the file is larger than ${limits.maxBytes / 1024 / 1024} MiB; split it`,
    }
  }
  // Read as UTF-8, other encodings and binary files have these; a text that was read wrongly would be passed on wrongly.
  const undecoded = text.search(/[\0\uFFFD]/)
  if (undecoded !== -1)
    return { code: 'INVALID_YAML', offset: undecoded, message: 'this is no text in UTF-8; save the file as UTF-8' }
  const offset = tooDeepAt(text)
  if (offset === null) return null
  return { code: 'TOO_DEEP', offset, message: `nested deeper than ${limits.maxDepth} levels` }
}

/**
 * Where the nesting gets too deep: brackets of flow collections and growing indentation together. Quoted texts,
 * comments and block scalars are passed over; brackets count only where a value may begin or inside other brackets.
 */
const tooDeepAt = (text: string): number | null => {
  const indents: number[] = []
  let flow = 0
  let offset = 0
  let blockIndent = -1
  while (offset < text.length) {
    let end = text.indexOf('\n', offset)
    if (end === -1) end = text.length
    const first = skipSpaces(text, offset, end)
    const blank = first === end || text.charCodeAt(first) === carriageReturn
    const indent = first - offset
    if (blank || (blockIndent >= 0 && indent > blockIndent)) {
      offset = end + 1
      continue
    }
    blockIndent = -1
    if (flow === 0) {
      while (indents.length > 0 && indents.at(-1)! >= indent) indents.pop()
      indents.push(indent)
    }
    const scan = scanFrom(text, first, flow, indents, offset)
    if (scan.tooDeep !== undefined) return scan.tooDeep
    flow = scan.flow
    if (scan.block) blockIndent = indent
    offset = scan.next
  }
  return null
}

const carriageReturn = 13

const skipSpaces = (text: string, from: number, end: number): number => {
  let at = from
  while (at < end && (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9)) at++
  return at
}

type Scan = { flow: number; next: number; block: boolean; tooDeep?: number }

/** Reads one line (or more, where a quoted text goes on); `- - x` on one line nests too. */
const scanFrom = (text: string, from: number, flowBefore: number, indents: number[], lineStart: number): Scan => {
  let flow = flowBefore
  let starts = true
  let at = from
  for (; at < text.length; at++) {
    const char = text[at]!
    if (char === '\n') break
    if (char === ' ' || char === '\t' || char === '\r') continue
    if (char === '#' && (at === from || isSpace(text[at - 1]!))) {
      at = endOfLine(text, at)
      break
    }
    if (starts && (char === '"' || char === "'")) {
      at = closingQuote(text, at, char)
      starts = false
      continue
    }
    if ((starts || flow > 0) && (char === '[' || char === '{')) {
      flow++
      starts = true
      if (flow + indents.length > limits.maxDepth) return { flow, next: at, block: false, tooDeep: at }
      continue
    }
    if (flow > 0 && (char === ']' || char === '}')) {
      flow--
      starts = false
      continue
    }
    if (starts && flow === 0 && (char === '|' || char === '>')) {
      return { flow, next: endOfLine(text, at) + 1, block: true }
    }
    if (starts && flow === 0 && (char === '-' || char === '?') && isSpace(text[at + 1] ?? '\n')) {
      indents.push(at - lineStart + 1)
      if (indents.length > limits.maxDepth) return { flow, next: at, block: false, tooDeep: at }
      continue
    }
    if (starts && (char === '&' || char === '!')) {
      while (at + 1 < text.length && !isSpace(text[at + 1]!)) at++
      continue
    }
    starts = (flow > 0 && char === ',') || (char === ':' && (flow > 0 || isSpace(text[at + 1] ?? '\n')))
  }
  return { flow, next: at + 1, block: false }
}

const isSpace = (char: string): boolean => char === ' ' || char === '\n' || char === '\t' || char === '\r'

const endOfLine = (text: string, from: number): number => {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}

const closingQuote = (text: string, from: number, quote: string): number => {
  for (let at = from + 1; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\') at++
    else if (text[at] === quote) return at
  }
  return text.length
}
