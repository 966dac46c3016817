import type { JobError } from '../../model/errors.ts'

export const maxOutputBytes = 16 * 1024 * 1024

/**
 * A handler's result as JSON text, or why it is none. Undefined counts as null. What JSON would drop without a word
 * (functions, symbols) or Postgres cannot store (U+0000) is refused with the place where it stands.
 */
export const encodeOutput = (value: unknown): { text: string } | { error: JobError } => {
  if (value === null || value === undefined) return { text: 'null' }
  let text: string | undefined
  try {
    const flaw = findFlaw(value, false)
    if (flaw) return { error: { name: 'InvalidOutput', message: flaw } }
    text = JSON.stringify(value)
  } catch (error) {
    return { error: { name: 'InvalidOutput', message: `the result is not JSON: ${firstLine(error)}` } }
  }
  if (text === undefined) return { text: 'null' }
  // The text of a backslash followed by u0000 looks the same: look into the values.
  const flaw = text.includes('\\u0000') ? findFlaw(JSON.parse(text), true) : undefined
  if (flaw) return { error: { name: 'InvalidOutput', message: flaw } }
  const bytes = text.length > maxOutputBytes / 3 ? Buffer.byteLength(text) : text.length
  if (bytes <= maxOutputBytes) return { text }
  const message =
    `the result has ${bytes} bytes, at most ${maxOutputBytes} are allowed; ` +
    'store it elsewhere and return where it is'
  return { error: { name: 'OutputTooLarge', message } }
}

const firstLine = (error: unknown): string => String((error as Error)?.message ?? error).split('\n', 1)[0]!

/** The first thing in a value that must not be in a result, in words, with its place. */
const findFlaw = (value: unknown, nul: boolean): string | undefined => {
  const path: string[] = []
  const open = new Set<object>()
  const at = () => (path.length === 0 ? 'the result' : `the result's ${path.join('')}`)

  const visit = (value: unknown): string | undefined => {
    switch (typeof value) {
      case 'bigint':
        return `${at()} is a BigInt (${value}n): JSON has none; return String(value) or Number(value)`
      case 'function':
      case 'symbol':
        return `${at()} is a ${typeof value}: JSON has none`
      case 'string':
        return nul && value.includes('\0') ? `${at()} contains the character U+0000, which cannot be stored` : undefined
      case 'object':
        return value === null ? undefined : visitObject(value)
      default:
        return undefined
    }
  }
  const visitObject = (value: object): string | undefined => {
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return undefined
    if (open.has(value)) return `${at()} is a circular reference: JSON has none`
    if (path.length > 2000) return `${at().slice(0, 200)}… is nested more than 2000 levels deep`
    open.add(value)
    const list = Array.isArray(value)
    for (const key of Object.keys(value)) {
      if (nul && !list && key.includes('\0')) return `a key of ${at()} contains the character U+0000`
      path.push(list ? `[${key}]` : path.length === 0 ? key : `.${key}`)
      const flaw = visit((value as Record<string, unknown>)[key])
      if (flaw) return flaw
      path.pop()
    }
    open.delete(value)
    return undefined
  }
  return visit(value)
}
