const units = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const

/** The grammar of durations (semantics L10): the units in falling order, each at most once. */
const grammar = /^(?=[0-9])(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m(?!s))?(?:([0-9]+)s)?(?:([0-9]+)ms)?$/

/** Milliseconds of `500ms`, `30s`, `5m`, `1h30m` or `2d`; undefined for anything else, bare numbers included. */
export const parseDuration = (text: string): number | undefined => {
  const match = grammar.exec(text)
  if (!match) return undefined
  const counts = match.slice(1).map(digits => Number(digits ?? 0))
  const total = Object.values(units).reduce((sum, unit, index) => sum + unit * counts[index]!, 0)
  return Number.isSafeInteger(total) ? total : undefined
}

/** The shortest text that `parseDuration` reads back as these milliseconds; parts of a millisecond are dropped. */
export const formatDuration = (milliseconds: number): string => {
  let rest = Math.max(0, Math.trunc(milliseconds))
  let text = ''
  for (const [name, unit] of Object.entries(units)) {
    if (rest >= unit) text += `${Math.floor(rest / unit)}${name}`
    rest %= unit
  }
  return text || '0s'
}
