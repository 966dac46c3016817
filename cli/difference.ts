import type { Difference, Json } from '../engine/client.ts'

/** Letters of a value. */
const mostLetters = 60

/** A field that differs, on one line: `spec.retry.max  3 → 5`, with `+` or `-` before one that is new or gone. */
export const fieldLine = ({ path, from, to, order }: Difference, width: number): string => {
  const name = path.padEnd(width)
  if (order) return `      ${name}  order ${short(from!)} → ${short(to!)}`
  if (from === undefined) return `    + ${name}  ${short(to!)}`
  if (to === undefined) return `    - ${name}  ${short(from)}`
  const [before, after] = apart(text(from), text(to))
  return `      ${name}  ${before} → ${after}`
}

/** A step by what it does; anything else as it would be written on one line. */
const short = (value: Json): string => cut(text(value))

const text = (value: Json): string => {
  if (typeof value === 'string') return value.includes('\n') || value === '' ? JSON.stringify(value) : value
  return stepText(value) ?? JSON.stringify(value)
}

const stepText = (value: Json): string | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || typeof value.id !== 'string')
    return undefined
  if (typeof value.task === 'string') return `task ${value.task}${value.forEach ? ' for each' : ''}`
  for (const verb of ['chain', 'group', 'flow'])
    if (Array.isArray(value[verb])) return `${verb} of ${(value[verb] as Json[]).length}`
  return value.chord ? 'chord' : undefined
}

const cut = (long: string): string => (long.length > mostLetters ? `${long.slice(0, mostLetters - 1)}…` : long)

/** Two texts shortened so that what is different in them is seen. */
const apart = (from: string, to: string): [string, string] => {
  let same = 0
  while (same < from.length && from[same] === to[same]) same++
  const skip = same > mostLetters / 2 ? same - 10 : 0
  const lead = (one: string) => cut(skip > 0 ? `…${one.slice(skip)}` : one)
  return [lead(from), lead(to)]
}
