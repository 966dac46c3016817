import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../support/engine.ts'
import { hintLostMs } from '../bounds.ts'
import { hintsAreBack } from '../hints.ts'
import { countUp, longestPauseMs, longestWaitMs } from '../report.ts'
import { startMany, traffic } from '../traffic.ts'
import type { Scenario } from './index.ts'

/** Kafka is killed in the middle of a chord of 10,000, and comes back: nothing stops. */
export const kafkaKilled: Scenario = async (world, { scale }) => {
  const { kafka, engine, random } = world
  await Promise.all([world.worker({ TQ_QUEUES: 'default,left' }), world.worker({ TQ_QUEUES: 'default,right' })])
  const chord = await startMany(world, 10_000 * scale, 10)
  const enough = (0.1 + random() * 0.3) * 10_000 * scale
  await until(async () => {
    const [row] = await engine.sql<{ ends: number }>`select count(*)::int as ends from outcome where run = ${chord.id}`
    return row!.ends > enough
  })
  const outage = async () => {
    await kafka.kill()
    await sleep(5000 * scale)
    await kafka.start()
    await sleep(5000 * scale)
  }
  const hops = await traffic(world, outage())
  const wrong = await hintsAreBack(world)
  return {
    ...(await countUp(world, [chord, ...hops])),
    ...wrong,
    worstMs: Math.max(await longestPauseMs(world, chord), await longestWaitMs(world, hops)),
    boundMs: hintLostMs,
  }
}
