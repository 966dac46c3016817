import { setTimeout as sleep } from 'node:timers/promises'
import { hintLostMs } from '../bounds.ts'
import { hintsAreBack } from '../hints.ts'
import { countUp, longestWaitMs } from '../report.ts'
import { traffic } from '../traffic.ts'
import type { Scenario } from './index.ts'

/** Kafka is stopped for 30 seconds: its connections stay, and nothing is answered. */
export const kafkaStopped: Scenario = async (world, { scale }) => {
  const { kafka } = world
  await Promise.all([world.worker({ TQ_QUEUES: 'left' }), world.worker({ TQ_QUEUES: 'right' })])
  const stop = async () => {
    await sleep(2000 * scale)
    kafka.suspend()
    await sleep(30_000 * scale)
    kafka.resume()
    await sleep(5000 * scale)
  }
  const hops = await traffic(world, stop())
  const wrong = await hintsAreBack(world)
  return {
    ...(await countUp(world, hops)),
    ...wrong,
    worstMs: await longestWaitMs(world, hops),
    boundMs: hintLostMs,
  }
}
