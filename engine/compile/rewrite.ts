/** The expression as tq writes it, where it is one of another language. */
export const rewrite = (source: string): { reason: string; rewritten: string } | undefined => {
  for (const [pattern, helper] of operators) {
    const match = pattern.exec(source.trim())
    if (!match) continue
    const operator = source
      .trim()
      .slice(match[1]!.length, source.trim().length - match[2]!.length)
      .trim()
    return {
      reason: `"${operator}" is the helper ${helper}`,
      rewritten: `${helper} ${nested(match[1]!)} ${nested(match[2]!)}`,
    }
  }
  const filter = /^(.+?)\s*\|\s*([\w-]+)\s*(.*)$/.exec(source.trim())
  if (filter) {
    const rest = filter[3] ? ` ${filter[3]}` : ''
    return { reason: 'helpers come first, there is no "|"', rewritten: `${filter[2]} ${nested(filter[1]!)}${rest}` }
  }
  if (/\.\d+/.test(source)) {
    return { reason: 'a position in a list stands in brackets', rewritten: source.trim().replace(/\.(\d+)/g, '.[$1]') }
  }
  return undefined
}

/** Operators of other languages and the helpers that do the same; the weakest binding first. */
const operators: [RegExp, string][] = [
  [/^(.+?)\s*\|\|\s*(.+)$/, 'or'],
  [/^(.+?)\s*&&\s*(.+)$/, 'and'],
  [/^(.+?)\s*\?\?\s*(.+)$/, 'default'],
  [/^(.+?)\s*===?\s*(.+)$/, 'eq'],
  [/^(.+?)\s*!==?\s*(.+)$/, 'ne'],
  [/^(.+?)\s*<=\s*(.+)$/, 'lte'],
  [/^(.+?)\s*>=\s*(.+)$/, 'gte'],
  [/^(.+?)\s*<\s*(.+)$/, 'lt'],
  [/^(.+?)\s*>\s*(.+)$/, 'gt'],
]

/** An operand: rewritten too where it needs to be, in parentheses where it is a call. */
const nested = (operand: string): string => {
  const rewritten = rewrite(operand)?.rewritten ?? operand.trim().replace(/\.(\d+)/g, '.[$1]')
  return /\s/.test(rewritten) && !/^(['"(]).*(['")])$/.test(rewritten) ? `(${rewritten})` : rewritten
}
