type Rewritten = { reason: string; rewritten: string }

/** The expression as tq writes it, where it is one of another language. */
export const rewrite = (source: string): Rewritten | undefined => {
  const text = source.trim()
  if (text.length > maxLength) return undefined
  for (const form of forms) {
    const found = form(text, masked(text))
    if (found) return found
  }
  return undefined
}

/** Beyond it nobody reads a proposal, and making one takes the square of the length. */
const maxLength = 200

/** Quoted texts are filled with underscores: what stands in them is no operator. */
const masked = (text: string): string => text.replace(/'[^']*'|"[^"]*"/g, quoted => '_'.repeat(quoted.length))

const ternary = (text: string, mask: string): Rewritten | undefined => {
  const match = /^(.+?)\s\?\s*(.+?)\s*:\s*(.+)$/d.exec(mask)
  if (!match) return undefined
  const [condition, yes, no] = [1, 2, 3].map(part => nested(text.slice(...match.indices![part]!)))
  return { reason: '"? :" is the helper if', rewritten: `if ${condition} ${yes} ${no}` }
}

const operator = (text: string, mask: string): Rewritten | undefined => {
  for (const [sign, helper] of operators) {
    const match = new RegExp(`^(.+?)\\s*(${sign})\\s*(.+)$`, 'd').exec(mask)
    if (!match) continue
    const [left, right] = [1, 3].map(part => nested(text.slice(...match.indices![part]!)))
    return { reason: `"${match[2]}" is the helper ${helper}`, rewritten: `${helper} ${left} ${right}` }
  }
  return undefined
}

/** Operators of other languages and the helpers that do the same; the weakest binding first. */
const operators: [string, string][] = [
  ['\\|\\|', 'or'],
  ['&&', 'and'],
  ['\\?\\?', 'default'],
  ['!==?', 'ne'],
  ['===?', 'eq'],
  ['<=', 'lte'],
  ['>=', 'gte'],
  ['<', 'lt'],
  ['>', 'gt'],
]

const filter = (text: string, mask: string): Rewritten | undefined => {
  const match = /^(.+?)\s*\|\s*([\w-]+)\s*(.*)$/d.exec(mask)
  if (!match) return undefined
  const rest = listed(text.slice(...match.indices![3]!).replace(/^\((.*)\)$/, '$1'))
  const rewritten = `${match[2]} ${nested(text.slice(...match.indices![1]!))}${rest && ` ${rest}`}`
  return { reason: 'helpers come first, there is no "|"', rewritten }
}

const negation = (text: string): Rewritten | undefined =>
  text.startsWith('!') ? { reason: '"!" is the helper not', rewritten: `not ${nested(text.slice(1))}` } : undefined

/** `a + 'x'` joins texts; of numbers only the sum has a helper. */
const sum = (text: string, mask: string): Rewritten | undefined => {
  const match = /^(.+?)\s*\+\s*(.+)$/d.exec(mask)
  if (!match) return undefined
  const [left, right] = [1, 2].map(part => nested(text.slice(...match.indices![part]!)))
  return text === mask
    ? { reason: '"+" is the helper sum, of texts the helper concat', rewritten: `sum (list ${left} ${right})` }
    : { reason: '"+" of texts is the helper concat', rewritten: `concat ${left} ${right}` }
}

/** `upper(name)` and `name.toUpperCase()`. */
const call = (text: string, mask: string): Rewritten | undefined => {
  const match = /^([\w.-]+?)(?:\.(\w+))?\(([^()]*)\)$/d.exec(mask)
  if (!match) return undefined
  const args = listed(text.slice(...match.indices![3]!))
  const [subject, method] = [match[1]!, match[2]]
  const helper = method === undefined ? subject : (methods[method.toLowerCase()] ?? method)
  const rewritten =
    method === undefined
      ? `${helper} ${args}`
      : helper === 'in'
        ? `in ${args} ${subject}`
        : `${helper} ${subject} ${args}`
  return { reason: 'a helper comes first, and its arguments follow without parentheses', rewritten: rewritten.trim() }
}

const methods: { [method: string]: string | undefined } = {
  touppercase: 'upper',
  tolowercase: 'lower',
  includes: 'in',
  strip: 'trim',
  size: 'len',
  length: 'len',
  replaceall: 'replace',
}

const listed = (args: string): string => args.trim().replaceAll(/\s*,\s*/g, ' ')

/** `list[0]`, `list.0` and `object['field']`. */
const position = (text: string, mask: string): Rewritten | undefined => {
  if (!/[\w)]\[/.test(mask) && !/\.\d+/.test(mask)) return undefined
  const rewritten = positions(text)
  if (rewritten === text) return undefined
  const reason = rewritten.includes('[')
    ? 'a position in a list stands in brackets, after a dot'
    : 'a field follows a dot'
  return { reason, rewritten }
}

const positions = (text: string): string =>
  text
    .replaceAll(/\.?\[["']([A-Za-z_][\w-]*)["']\]/g, '.$1')
    .replaceAll(/([\w)\]])\[(\d+)\]/g, '$1.[$2]')
    .replaceAll(/\.(\d+)/g, '.[$1]')

/** Helm's values. */
const helm = (text: string): Rewritten | undefined =>
  /^\.Values\.[\w.-]+$/.test(text)
    ? { reason: 'values are given with --values', rewritten: text.replace('.Values', 'config') }
    : undefined

const forms = [helm, ternary, operator, filter, negation, sum, call, position]

/** An operand: rewritten too where it needs to be, in parentheses where it is a call. */
const nested = (operand: string): string => {
  const plain = operand.trim().replace(/^\(([^()]*)\)$/, '$1')
  const rewritten = rewrite(plain)?.rewritten ?? positions(plain)
  return /\s/.test(masked(rewritten)) ? `(${rewritten})` : rewritten
}
