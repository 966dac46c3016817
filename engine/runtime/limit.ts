import { formatDuration, parseDuration } from '../model/duration.ts'
import { TqError } from '../model/errors.ts'
import { didYouMean } from '../model/similar.ts'
import { limitRate } from '../store/manifest.ts'
import type { Context } from './context.ts'

/** A rate as manifests and commands write it, `100/s` or `5/10s`; null for what is none. */
export const parseRate = (text: string): { count: number; ms: number } | null => {
  const rate = /^([1-9]\d*)\/(?:(\d+)?(ms|s|m|h|d))$/.exec(text)
  const ms = rate ? parseDuration(`${rate[2] ?? 1}${rate[3]}`) : undefined
  return ms ? { count: Number(rate![1]), ms } : null
}

/** The same for people. */
export const formatRate = ({ count, ms }: { count: number; ms: number }): string =>
  `${count}/${formatDuration(ms).replace(/^1(?=[a-z]+$)/, '')}`

/** Changes the rate limit of a live queue, for all workers, until its manifest is applied anew with changes. `rate` null: none. */
export const setRateLimit = async (
  context: Context,
  { queue, rate }: { queue: string; rate: string | null },
): Promise<{ queue: string; rate: string | null }> => {
  const parsed = rate === null ? null : parseRate(rate)
  if (rate !== null && !parsed)
    throw new TqError('USAGE', `"${rate}" is no rate; write one such as 100/s, 5/10s or none`)
  const { namespace, sql } = context
  if (!(await limitRate(sql, { namespace, name: queue, count: parsed?.count ?? null, ms: parsed?.ms ?? null }))) {
    const names = (await context.queues(true)).filter(row => row.id !== 0).map(row => row.name)
    throw new TqError(
      'NOT_FOUND',
      `there is no queue "${queue}"${didYouMean(queue, names) || `; there are ${names.join(', ')}`}`,
    )
  }
  context.broker.broadcast({ type: 'queues' })
  return { queue, rate }
}
