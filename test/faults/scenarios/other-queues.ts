import { setTimeout as sleep } from 'node:timers/promises'
import { hintLostMs } from '../bounds.ts'
import { hintsAreBack } from '../hints.ts'
import { countUp, longestWaitMs } from '../report.ts'
import { traffic } from '../traffic.ts'
import type { Scenario } from './index.ts'

/**
 * Two workers with different queues, one of which both serve: kafkajs hands partitions to members of a group that never
 * subscribed to them, so that in one group the messages of the other queue would be lost.
 */
export const otherQueues: Scenario = async (world, { scale }) => {
  await Promise.all([world.worker({ TQ_QUEUES: 'left' }), world.worker({ TQ_QUEUES: 'left,right' })])
  const hops = await traffic(world, sleep(15_000 * scale))
  const wrong = await hintsAreBack(world)
  return {
    ...(await countUp(world, hops)),
    ...wrong,
    worstMs: await longestWaitMs(world, hops),
    boundMs: hintLostMs,
  }
}
