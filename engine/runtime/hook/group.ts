/**
 * Gathers what is asked for while the last answer is under way, and asks for all of it at once: one at a time when idle, a
 * group under load. Each of a group gets the answer at its place; if the asking fails, all of them fail.
 */
export const grouped = <Asked, Answer>(
  ask: (group: Asked[]) => Promise<Answer[]>,
  { most }: { most: number },
): ((one: Asked) => Promise<Answer>) => {
  let waiting: { one: Asked; resolve(answer: Answer): void; reject(error: unknown): void }[] = []
  let busy = false
  const flush = async () => {
    busy = true
    while (waiting.length > 0) {
      const group = waiting.slice(0, most)
      waiting = waiting.slice(most)
      try {
        const answers = await ask(group.map(({ one }) => one))
        for (const [i, { resolve }] of group.entries()) resolve(answers[i]!)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    busy = false
  }
  return one =>
    new Promise((resolve, reject) => {
      waiting.push({ one, resolve, reject })
      if (!busy) void flush()
    })
}
