import type { Json } from '../../model/json.ts'
import type { Written } from './syntax.ts'

/** An expression as a scalar has it, with its braces. */
export const braced = (written: Written): string => `{{ ${print(written).replace(/^\((parse-json .*)\)$/s, '$1')} }}`

/** An expression as it is written. */
const print = (written: Written): string => {
  if (written.kind === 'path') return written.source
  if (written.kind === 'literal') return literal(written.value)
  return [written.helper, ...written.args.map(arg => (arg.kind === 'call' ? `(${print(arg)})` : print(arg)))].join(' ')
}

const literal = (value: Json): string => {
  if (typeof value === 'boolean' || value === null) return String(value)
  if (typeof value === 'number' && /^-?\d+(\.\d+)?$/.test(String(value))) return String(value)
  if (typeof value === 'string' && !value.endsWith('\\')) return quoted(value)
  return `(parse-json ${quoted(JSON.stringify(value))})`
}

const quoted = (text: string): string => `'${text.replaceAll("'", "\\'")}'`

/** Braces of a text are not read as an expression's. */
export const escaped = (text: string): string => text.replaceAll('{{', '\\{{')
