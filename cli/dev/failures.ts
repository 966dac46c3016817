import { setTimeout as sleep } from 'node:timers/promises'
import { type CloudEvent, type Context, type JobError, openEvents, shortId } from '../../engine/client.ts'
import type { Io } from '../io.ts'
import { errorLine, icon, number } from '../progress.ts'
import { cut, widthOf } from '../width.ts'

/** How often it looks, ms; and so many runs are told of by themselves each time. */
const everyMs = 1000
const atMost = 3

/**
 * Tells of runs that fail, a line each, until the signal aborts; of many at once the first, and how many more. Nothing where events are
 * switched off.
 *
 * @param from the position in the outbox from which on
 * @param watched ids of runs that are followed in this terminal, and told of there
 */
export const tellFailures = async (
  io: Io,
  context: Context,
  { from, watched }: { from: number; watched: Set<string> },
): Promise<void> => {
  const reader = openEvents(context, from, ['run.failed'])
  while (!io.signal.aborted) {
    const failed: CloudEvent[] = []
    for (let more = true; more && !io.signal.aborted; ) {
      // The database is away: the worker says so, and the next look begins where this one did.
      const page = await reader.read().catch(() => ({ events: [], more: false }))
      failed.push(...page.events.filter(event => !watched.has(event.subject)))
      more = page.more
    }
    for (const event of failed.slice(0, atMost)) io.err(lineOf(io, event))
    if (failed.length > atMost)
      io.err(
        `   ${io.paint('red', icon('failed'))} and ${number(failed.length - atMost)} more runs failed: tq get runs --state failed`,
      )
    await sleep(everyMs, undefined, { signal: io.signal }).catch(() => {})
  }
}

/** `✖ etl 5hf1s0ej failed: load: RangeError: out of range   tq describe run 5hf1s0ej`; on a terminal the error is cut so that it fits. */
const lineOf = (io: Io, { subject, data }: CloudEvent): string => {
  const id = shortId(subject)
  const error = data.error as JobError | null | undefined
  const head = `   ${icon('failed')} ${data.workflow} ${id} failed`
  const way = `   tq describe run ${id}`
  const why = error ? `: ${error.step ? `${error.step}: ` : ''}${errorLine(error)}` : ''
  const room = io.columns() - widthOf(head) - widthOf(way)
  const text = `${head}${io.terminal ? cut(why, Math.max(room, 12)) : why}`
  return `${text.replace(icon('failed'), io.paint('red', icon('failed')))}${io.paint('dim', way)}`
}
