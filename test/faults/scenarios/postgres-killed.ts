import { setTimeout as sleep } from 'node:timers/promises'
import { postgresLostMs } from '../bounds.ts'
import { countUp, longestWaitMs, now } from '../report.ts'
import { traffic } from '../traffic.ts'
import type { Scenario } from './index.ts'

/** Postgres is killed, and is back after 8 seconds: in the whole longer than a lease, in a tenth of it shorter. */
export const postgresKilled: Scenario = async (world, { scale }) => {
  const { postgres } = world
  await Promise.all([world.worker({ TQ_QUEUES: 'left' }), world.worker({ TQ_QUEUES: 'right' })])
  let back = new Date()
  const outage = async () => {
    await sleep((2000 + world.random() * 3000) * scale)
    await postgres.kill()
    await sleep(8000 * scale)
    await postgres.start()
    back = await now(world)
    await sleep(10_000 * scale)
  }
  const hops = await traffic(world, outage())
  return {
    ...(await countUp(world, hops)),
    worstMs: await longestWaitMs(world, hops, back),
    boundMs: postgresLostMs,
  }
}
