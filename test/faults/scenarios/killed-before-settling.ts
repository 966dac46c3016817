import { workerLostMs } from '../bounds.ts'
import { lockTable } from '../lock.ts'
import { countUp, ended, longestWaitMs, now } from '../report.ts'
import { rounds } from '../rounds.ts'
import { startHops } from '../traffic.ts'
import type { Scenario } from './index.ts'

/** A worker is killed when its handlers have returned and nothing of it is in the store: they run again elsewhere. */
export const killedBeforeSettling: Scenario = async (world, { scale }) => {
  const { runs, worstMs } = await rounds(scale, async () => {
    const victim = await world.worker({ TQ_QUEUES: 'left' })
    const outcomes = await lockTable(world, 'outcome')
    const hops = await startHops(world, 4)
    await outcomes.hit()
    const survivor = await world.worker({ TQ_QUEUES: 'left,right' })
    const killed = await now(world)
    victim.signal('SIGKILL')
    await victim.ended
    await outcomes.drop()
    await outcomes.release()
    await ended(world, hops)
    survivor.signal('SIGTERM')
    await survivor.ended
    return { runs: hops, worstMs: await longestWaitMs(world, hops, killed) }
  })
  return { ...(await countUp(world, runs)), worstMs, boundMs: workerLostMs }
}
