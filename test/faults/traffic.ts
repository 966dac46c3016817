import { setTimeout as sleep } from 'node:timers/promises'
import type { Journal } from '../support/engine.ts'
import type { Expected } from './report.ts'
import type { World } from './world.ts'

/** Starts runs of `hops`, one after the other at moments of the seed, 150 ms apart on the average, while something lasts. */
export const traffic = async (world: World, during: Promise<unknown>): Promise<Expected[]> => {
  const runs: Expected[] = []
  let lasts = true
  const stop = () => {
    lasts = false
  }
  during.then(stop, stop)
  while (lasts) {
    runs.push(await startHop(world, runs.length))
    await sleep(world.random() * 300)
  }
  await during
  return runs
}

/** Starts so many runs of `hops`. */
export const startHops = async (world: World, count: number): Promise<Expected[]> => {
  const hops: Expected[] = []
  for (let n = 0; n < count; n++) hops.push({ id: await world.engine.start('hops', { n }), output: n })
  return hops
}

/** Starts so many runs whose first step ends when the journal's `gate` is opened. */
export const startHeld = async (world: World, count: number, journal: Journal): Promise<Expected[]> => {
  const held: Expected[] = []
  const input = { journal: journal.file, gate: journal.gate('gate'), name: 'held' }
  for (let n = 0; n < count; n++) held.push({ id: await world.engine.start('held', input), output: 'held' })
  return held
}

/** Starts one, again until the answer says that it was: the key makes one run of all tries. */
const startHop = async ({ engine }: World, n: number): Promise<Expected> => {
  for (;;) {
    const id = await engine.start('hops', { n }, `hop-${n}`).catch(() => null)
    if (id !== null) return { id, output: n }
    await sleep(50)
  }
}

/** Starts a chord over so many items, each of which takes so long. */
export const startMany = async ({ engine }: World, items: number, ms: number): Promise<Expected> => {
  const list = Array.from({ length: items }, (_, i) => i)
  return { id: await engine.start('many', { list, ms }), output: list }
}
