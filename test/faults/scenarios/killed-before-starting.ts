import { workerLostMs } from '../bounds.ts'
import { lockTable } from '../lock.ts'
import { countUp, ended, longestWaitMs, now } from '../report.ts'
import { rounds } from '../rounds.ts'
import { startHops } from '../traffic.ts'
import type { Scenario } from './index.ts'

/** A worker is killed when it has claimed jobs and not started them: it waits for their plan then. */
export const killedBeforeStarting: Scenario = async (world, { scale }) => {
  const { runs, worstMs } = await rounds(scale, async () => {
    const hops = await startHops(world, 4)
    const plans = await lockTable(world, 'plan')
    const victim = await world.worker({ TQ_QUEUES: 'left' })
    await plans.hit()
    const survivor = await world.worker({ TQ_QUEUES: 'left,right' })
    const killed = await now(world)
    victim.signal('SIGKILL')
    await victim.ended
    await plans.release()
    await ended(world, hops)
    survivor.signal('SIGTERM')
    await survivor.ended
    return { runs: hops, worstMs: await longestWaitMs(world, hops, killed) }
  })
  return { ...(await countUp(world, runs)), worstMs, boundMs: workerLostMs }
}
