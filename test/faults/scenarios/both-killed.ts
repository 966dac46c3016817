import { setTimeout as sleep } from 'node:timers/promises'
import { postgresLostMs } from '../bounds.ts'
import { hintsAreBack } from '../hints.ts'
import { countUp, longestWaitMs, now } from '../report.ts'
import { traffic } from '../traffic.ts'
import type { Scenario } from './index.ts'

/** Postgres and Kafka are killed at once, and come back one after the other, in an order of the seed. */
export const bothKilled: Scenario = async (world, { scale }) => {
  const { kafka, postgres, random } = world
  await Promise.all([world.worker({ TQ_QUEUES: 'left' }), world.worker({ TQ_QUEUES: 'right' })])
  let back = new Date()
  const startPostgres = async () => {
    await postgres.start()
    back = await now(world)
  }
  const outage = async () => {
    await sleep((2000 + random() * 3000) * scale)
    await Promise.all([kafka.kill(), postgres.kill()])
    await sleep(random() * 8000 * scale)
    for (const start of random() < 0.5 ? [startPostgres, kafka.start] : [kafka.start, startPostgres]) await start()
    await sleep(10_000 * scale)
  }
  const hops = await traffic(world, outage())
  const wrong = await hintsAreBack(world)
  return {
    ...(await countUp(world, hops)),
    ...wrong,
    worstMs: await longestWaitMs(world, hops, back),
    boundMs: postgresLostMs,
  }
}
