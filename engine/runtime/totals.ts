import type { InFlight } from './task.ts'

/** Attempts by task since the worker's start: handed to children (also those handed back unstarted), and how they ended. */
export type Totals = Map<string, { claimed: number; succeeded: number; failed: number }>

export const count = (totals: Totals, { job, loaded }: InFlight, what: 'claimed' | 'succeeded' | 'failed'): void => {
  const task = loaded.nodes[job.node]!.task!.name
  const known = totals.get(task)
  if (known) known[what]++
  else totals.set(task, { claimed: 0, succeeded: 0, failed: 0, [what]: 1 })
}

/** How many attempts have ended, of all tasks. */
export const endedAttempts = (totals: Totals): number =>
  [...totals.values()].reduce((sum, { succeeded, failed }) => sum + succeeded + failed, 0)
