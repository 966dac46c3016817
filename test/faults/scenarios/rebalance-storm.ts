import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerProcess } from '../../support/worker.ts'
import { hintLostMs } from '../bounds.ts'
import { hintsAreBack } from '../hints.ts'
import { countUp, longestWaitMs } from '../report.ts'
import { traffic } from '../traffic.ts'
import type { Scenario } from './index.ts'

/** For a minute a worker joins and another leaves, every second: Kafka hands partitions around all the time. */
export const rebalanceStorm: Scenario = async (world, { scale }) => {
  await Promise.all([world.worker({ TQ_QUEUES: 'left' }), world.worker({ TQ_QUEUES: 'right' })])
  const storm = async () => {
    let last: WorkerProcess | undefined
    const until = performance.now() + 60_000 * scale
    while (performance.now() < until) {
      const [joined] = await Promise.all([world.worker({ TQ_QUEUES: 'left,right' }), sleep(1000)])
      last?.signal('SIGTERM')
      last = joined
    }
    last?.signal('SIGTERM')
  }
  const hops = await traffic(world, storm())
  const wrong = await hintsAreBack(world)
  return {
    ...(await countUp(world, hops)),
    ...wrong,
    worstMs: await longestWaitMs(world, hops),
    boundMs: hintLostMs,
  }
}
