import { type Labels, parseDuration, TqError } from '../engine/reader.ts'
import type { Options } from './commands/index.ts'

/** `--timeout 30s`. */
export const timeoutOf = (options: Options): { timeoutMs?: number } => {
  if (typeof options.timeout !== 'string') return {}
  const timeoutMs = parseDuration(options.timeout)
  if (timeoutMs === undefined)
    throw new TqError('USAGE', `--timeout ${options.timeout} is no duration; write one such as 30s or 5m`)
  return { timeoutMs }
}

/** `--label name=value`, as often as it was given. */
export const labelsOf = (options: Options): Labels =>
  Object.fromEntries(
    ((options.label as string[] | undefined) ?? []).map(pair => {
      const at = pair.indexOf('=')
      if (at < 1) throw new TqError('USAGE', `--label ${pair}: write name=value`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
