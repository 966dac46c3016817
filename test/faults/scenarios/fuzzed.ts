import { setTimeout as sleep } from 'node:timers/promises'
import type { Fuzz } from '../../support/fuzz.ts'
import { hintLostMs } from '../bounds.ts'
import { countUp, longestWaitMs } from '../report.ts'
import { traffic } from '../traffic.ts'
import type { Scenario } from './index.ts'

/** So long does the fault last, ms: for those that are late until what is late by 60 s has come. */
const lastsMs: { [how in Fuzz]?: number } = { delay: 70_000 }

/** Every message is lost, comes twice, comes up to 60 seconds late, or comes after later ones; in the workers' own processes. */
export const fuzzed =
  (how: Fuzz): Scenario =>
  async (world, { scale }) => {
    const fuzz = (seed: number) => ({
      FUZZ: how,
      FUZZ_SEED: String(seed),
      FUZZ_DELAY_MS: String(60_000 * scale),
    })
    const seed = () => Math.floor(world.random() * 1e9)
    await Promise.all([
      world.fuzzedWorker({ TQ_QUEUES: 'left', ...fuzz(seed()) }),
      world.fuzzedWorker({ TQ_QUEUES: 'right', ...fuzz(seed()) }),
    ])
    const hops = await traffic(world, sleep((lastsMs[how] ?? 20_000) * scale))
    return { ...(await countUp(world, hops)), worstMs: await longestWaitMs(world, hops), boundMs: hintLostMs }
  }
