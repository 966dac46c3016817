import { newJournal, until } from '../../support/engine.ts'
import { gone } from '../../support/process.ts'
import { leaseLostMs } from '../bounds.ts'
import { countUp, ended, longestWaitMs, now } from '../report.ts'
import { rounds } from '../rounds.ts'
import { startHeld } from '../traffic.ts'
import type { Scenario } from './index.ts'

/**
 * A worker is stopped for longer than its lease, while its children end what it gave them. When it goes on, what it settles
 * changes no row, its children are gone, and it opens a session again.
 */
export const zombie: Scenario = async (world, { scale }) => {
  const { sql } = world.engine
  let settledLate = 0
  const { runs, worstMs } = await rounds(scale, async () => {
    const stopped = await world.worker({ TQ_QUEUES: 'left' })
    const children = stopped.children()
    const journal = newJournal()
    const held = await startHeld(world, 4, journal)
    await journal.seen('start held', 4)
    const [session] = await sql<{ id: number }>`select id from session where pid = ${stopped.pid} and ended_at is null`
    const since = await now(world)
    stopped.signal('SIGSTOP')
    const other = await world.worker({ TQ_QUEUES: 'left,right' })
    await journal.seen('start held', 5) // what was lost once runs alone, so the others start when it has ended
    journal.open('gate')
    await journal.seen('end held', 8)
    await ended(world, held)
    stopped.signal('SIGCONT')
    await Promise.all(children.map(gone))
    await until(
      async () =>
        (await sql`select from session where pid = ${stopped.pid} and id > ${session!.id} and ended_at is null`)
          .length > 0,
    )
    settledLate += (await sql`select from outcome where session = ${session!.id} and final`).length
    for (const worker of [stopped, other]) {
      worker.signal('SIGTERM')
      await worker.ended
    }
    return { runs: held, worstMs: await longestWaitMs(world, held, since) }
  })
  return {
    ...(await countUp(world, runs)),
    ...(settledLate > 0 ? { wrong: `${settledLate} jobs were settled by a session that had ended` } : {}),
    worstMs,
    boundMs: leaseLostMs,
  }
}
