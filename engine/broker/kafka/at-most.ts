/** Resolves when the work has ended, well or not, and at the latest after so long; the work goes on then. */
export const atMost = async (ms: number, work: Promise<unknown>): Promise<void> => {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, ms)
  const ended = work.then(
    () => {},
    () => {},
  )
  await Promise.race([ended, late.promise])
  clearTimeout(timer)
}
