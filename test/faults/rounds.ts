import type { Expected } from './report.ts'

/** What was hit in one round, and the worst delay of it. */
export type Round = { runs: Expected[]; worstMs: number }

/** A fault that takes a moment is done again and again, five times in the whole. */
export const rounds = async (scale: number, once: () => Promise<Round>): Promise<Round> => {
  const runs: Expected[] = []
  let worstMs = 0
  for (let i = 0; i < 5 * scale; i++) {
    const round = await once()
    runs.push(...round.runs)
    worstMs = Math.max(worstMs, round.worstMs)
  }
  return { runs, worstMs }
}
