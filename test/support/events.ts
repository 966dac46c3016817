import { type CloudEvent, openEvents, positionAt } from '../../engine/client.ts'
import { type TestEngine, until } from './engine.ts'

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
