import type { Report } from '../report.ts'
import type { World } from '../world.ts'
import { applyKilled } from './apply-killed.ts'
import { bothKilled } from './both-killed.ts'
import { brokerChanged } from './broker-changed.ts'
import { fuzzed } from './fuzzed.ts'
import { halfOpen } from './half-open.ts'
import { kafkaKilled } from './kafka-killed.ts'
import { kafkaStopped } from './kafka-stopped.ts'
import { killedBeforePublishing } from './killed-before-publishing.ts'
import { killedBeforeSettling } from './killed-before-settling.ts'
import { killedBeforeStarting } from './killed-before-starting.ts'
import { otherQueues } from './other-queues.ts'
import { postgresKilled } from './postgres-killed.ts'
import { rebalanceStorm } from './rebalance-storm.ts'
import { topicDeleted } from './topic-deleted.ts'
import { zombie } from './zombie.ts'

/** One fault, done to a world of real processes. @param scale of its sizes and times: 1 is the whole of it, tests do a tenth */
export type Scenario = (world: World, options: { scale: number }) => Promise<Report>

/** The faults by name; what each does stands above its function. */
export const scenarios: Record<string, Scenario> = {
  'kafka-killed': kafkaKilled,
  'kafka-stopped': kafkaStopped,
  'topic-deleted': topicDeleted,
  'hints-dropped': fuzzed('drop'),
  'hints-doubled': fuzzed('double'),
  'hints-delayed': fuzzed('delay'),
  'hints-reordered': fuzzed('reorder'),
  'half-open': halfOpen,
  'rebalance-storm': rebalanceStorm,
  'other-queues': otherQueues,
  'killed-before-starting': killedBeforeStarting,
  'killed-before-settling': killedBeforeSettling,
  'killed-before-publishing': killedBeforePublishing,
  zombie,
  'postgres-killed': postgresKilled,
  'both-killed': bothKilled,
  'broker-changed': brokerChanged,
  'apply-killed': applyKilled,
}
