import { setTimeout as sleep } from 'node:timers/promises'
import { hintLostMs } from '../bounds.ts'
import { hintsAreBack } from '../hints.ts'
import { countUp, longestWaitMs } from '../report.ts'
import { traffic } from '../traffic.ts'
import type { Scenario } from './index.ts'

/** All connections to Kafka become half-open: silent for ever and never closed. New ones are as good as ever. */
export const halfOpen: Scenario = async (world, { scale }) => {
  await Promise.all([world.worker({ TQ_QUEUES: 'left' }), world.worker({ TQ_QUEUES: 'right' })])
  const strand = async () => {
    await sleep(world.random() * 5000 * scale)
    world.kafka.proxy.strand()
    await sleep(30_000 * scale)
  }
  const hops = await traffic(world, strand())
  const wrong = await hintsAreBack(world)
  return {
    ...(await countUp(world, hops)),
    ...wrong,
    worstMs: await longestWaitMs(world, hops),
    boundMs: hintLostMs,
  }
}
