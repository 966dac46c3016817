import { newJournal, until } from '../../support/engine.ts'
import { openProxy } from '../../support/proxy.ts'
import { hintLostMs } from '../bounds.ts'
import { countUp, ended, longestWaitMs } from '../report.ts'
import { rounds } from '../rounds.ts'
import { startHeld } from '../traffic.ts'
import type { Scenario } from './index.ts'

/**
 * A worker is killed when what it settled is committed and it does not know yet: the answer is held back, so it cannot have
 * said to anybody that the next steps are ready. They are found all the same.
 */
export const killedBeforePublishing: Scenario = async (world, { scale }) => {
  const { sql } = world.engine
  await world.worker({ TQ_QUEUES: 'right' })
  const { runs, worstMs } = await rounds(scale, async () => {
    const proxy = await openProxy(world.scope, () => world.postgres.port)
    const url = new URL(world.url)
    url.port = String(proxy.port)
    const victim = await world.worker({ TQ_QUEUES: 'left', url: url.href })
    const journal = newJournal()
    const held = await startHeld(world, 1, journal) // more would wait for the answer, and be settled by others
    await journal.seen('start held')
    proxy.mute()
    journal.open('gate')
    await until(async () => (await sql`select from outcome where run = ${held[0]!.id} and n = 1 and final`).length > 0)
    victim.signal('SIGKILL')
    await victim.ended
    await ended(world, held)
    return { runs: held, worstMs: await longestWaitMs(world, held) }
  })
  return { ...(await countUp(world, runs)), worstMs, boundMs: hintLostMs }
}
