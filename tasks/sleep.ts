import { defineTask } from '../engine/task.ts'

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Waits, and stops waiting when it is cancelled or its time is up. Input: `ms`, or `for` as in `1m 30s`. */
export default defineTask<{ ms?: number; for?: string }, { sleptMs: number }>(async (input, { signal }) => {
  const ms = input.ms ?? durationMs(input.for ?? '')
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
  return { sleptMs: ms }
})

const durationMs = (text: string): number => {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d)\s*)+$/.test(text))
    throw new TypeError(`sleep takes { ms } or { for }, a duration such as "1m 30s"; got "${text}"`)
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit!]!,
    0,
  )
}
