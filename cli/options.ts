import { type Labels, parseDuration, TqError } from '../engine/reader.ts'
import type { Options } from './command.ts'

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

/** `--limit 50`; null: it was not given. */
export const limitOf = (options: Options): number | null => {
  if (options.limit === undefined) return null
  if (!/^[1-9]\d{0,6}$/.test(String(options.limit)))
    throw new TqError('USAGE', `--limit ${options.limit}: write a number from 1`)
  return Number(options.limit)
}

/** `--since 10m`, or a time; null: it was not given. */
export const sinceOf = (text: unknown): Date | null => {
  if (typeof text !== 'string') return null
  const ms = parseDuration(text)
  if (ms !== undefined) return new Date(Date.now() - ms)
  const time = new Date(text)
  if (Number.isNaN(time.getTime()))
    throw new TqError(
      'USAGE',
      `--since is "${text}"; it must be a duration such as 10m, or a time such as 2026-11-22T18:00:00Z`,
    )
  return time
}
