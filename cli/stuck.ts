import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, readRuns, why } from '../engine/reader.ts'
import type { Io } from './io.ts'

/** Jobs that are looked at: those that are stuck are most often stuck for one reason. */
const limit = 20
/** When it is looked first, and how long it may be between two looks, ms. */
const firstMs = 1500
const mostMs = 60_000

/** Says what of a run does not move unless somebody does something about it. */
export const tellStuck = async (io: Io, context: Context, id: string, told = new Set<string>()): Promise<void> => {
  const [run] = await readRuns(context.sql, [id])
  if (!run || run.ended_at) return
  for (const { job, why: sentence, way, stuck } of await why(context, { run: id, plan: run.plan, limit })) {
    const text = `${io.paint('yellow', '!')} ${job ? `${job}: ` : ''}${sentence}${way ? ` → ${way}` : ''}`
    if (stuck && !told.has(sentence)) io.err(text)
    if (stuck) told.add(sentence)
  }
}

/** The same while somebody waits for the run, once for each reason. */
export const watchStuck = async (io: Io, context: Context, id: string, signal: AbortSignal): Promise<void> => {
  const told = new Set<string>()
  for (let ms = firstMs; !signal.aborted; ms = Math.min(2 * ms, mostMs)) {
    await sleep(ms, undefined, { signal }).catch(() => {})
    // A database that is away is told of by who watches.
    if (!signal.aborted) await tellStuck(io, context, id, told).catch(() => {})
  }
}
