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
    const held = await startHeld(world, 4, journal)
    await journal.seen('start held', 4)
    proxy.mute()
    journal.open('gate')
    await until(async () => {
      const ids = `{${held.map(run => run.id).join(',')}}`
      const ends = await sql`select from outcome where run = any(${ids}::uuid[]) and n = 1 and final`
      return ends.length === held.length
    })
    victim.signal('SIGKILL')
    await victim.ended
    await ended(world, held)
    return { runs: held, worstMs: await longestWaitMs(world, held) }
  })
  return { ...(await countUp(world, runs)), worstMs, boundMs: hintLostMs }
}
