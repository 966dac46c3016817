import { inspect, types } from 'node:util'
import type { JobError } from '../../model/errors.ts'

/** What a handler threw, as data. A class that sets no name of its own is named by its constructor. */
export const toJobError = (thrown: unknown): JobError => {
  try {
    if (!(thrown instanceof Error || types.isNativeError(thrown)))
      return { name: 'NonError', message: clean(`threw ${describe(thrown)}; throw an Error instead`, 8192) }
    const own = String(thrown.name || 'Error')
    const name = own === 'Error' ? thrown.constructor?.name || own : own
    const error: JobError = { name: clean(name, 256), message: clean(String(thrown.message), 8192) }
    const stack = trimStack(thrown)
    if (stack) error.stack = stack
    return error
  } catch {
    return { name: 'NonError', message: 'threw something that cannot be looked at' }
  }
}

/** A value as a person would want to see it in a message. */
export const describe = (value: unknown): string => {
  const kind = value === null || value === undefined ? '' : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value} `
  return `${kind}${inspect(value, { depth: 2, maxStringLength: 500, maxArrayLength: 20, breakLength: Infinity })}`
}

/** The frames that are the handler's, with those of its causes. */
const trimStack = (error: Error): string | undefined => {
  const lines: string[] = []
  let depth = 0
  for (let each: unknown = error; each instanceof Error && depth < 5; each = each.cause, depth += 1) {
    if (depth > 0) lines.push(`caused by ${each.name}: ${each.message}`)
    for (const line of String(each.stack ?? '').split('\n'))
      if (/^\s+at /.test(line) && !/node:internal|\/executor\/(child|inside\/\w+)\.[tj]s/.test(line)) lines.push(line)
  }
  return lines.length === 0 ? undefined : clean(lines.slice(0, 30).join('\n'), 4096)
}

/** Postgres stores no U+0000. */
export const clean = (text: string, max: number): string => {
  const whole = text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text
  return whole.length <= max ? whole : `${whole.slice(0, max)}… (${whole.length - max} characters more)`
}
