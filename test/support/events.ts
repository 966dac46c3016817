import { type CloudEvent, openEvents, positionAt } from '../../engine/client.ts'
import { type TestEngine, until } from './engine.ts'

/** Without jobs that were claimed and handed back before they started, as happens behind a slow neighbour. */
export const withoutReleased = (events: CloudEvent[]): CloudEvent[] => {
  const kept: CloudEvent[] = []
  for (const event of events) {
    if (event.type !== 'job.released') kept.push(event)
    else
      kept.splice(
        kept.findLastIndex(one => one.type === 'job.claimed' && one.data.job === event.data.job),
        1,
      )
  }
  return kept
}

/** All that was told of a run, in its order; waits for its end. */
export const eventsOf = async (engine: TestEngine, run: string): Promise<CloudEvent[]> => {
  const reader = openEvents(engine.context, await positionAt(engine.sql, null))
  const found: CloudEvent[] = []
  await until(async () => {
    for (let more = true; more; ) {
      const page = await reader.read()
      found.push(...page.events.filter(event => event.data.run === run))
      more = page.more
    }
    return found.some(event => /^run\.(succeeded|failed|cancelled)$/.test(event.type))
  })
  return found
}
