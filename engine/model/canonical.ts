import { createHash } from 'node:crypto'

/** JSON without spaces and with the keys of every object in order: the same value is the same text. */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value)) ?? 'null'

/** SHA-256 of the canonical JSON, as 64 hex digits. */
export const contentHash = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex')

/**
 * The value with the keys of its objects in order. Copying and `JSON.stringify` take a quarter of the time of writing the text by hand; what
 * is in order already is not copied.
 */
export const sorted = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? sortedList(value) : sortedObject(value as Record<string, unknown>)
}

const sortedList = (list: unknown[]): unknown[] => {
  let copy: unknown[] | undefined
  for (let index = 0; index < list.length; index++) {
    const item = sorted(list[index])
    if (item !== list[index]) {
      copy ??= list.slice()
      copy[index] = item
    }
  }
  return copy ?? list
}

const sortedObject = (object: Record<string, unknown>): Record<string, unknown> => {
  const keys = Object.keys(object)
  let same = true
  for (let index = 1; index < keys.length && same; index++) same = keys[index - 1]! < keys[index]!
  if (!same) keys.sort()
  const copy: Record<string, unknown> = {}
  for (const key of keys) {
    const member = object[key]
    copy[key] = typeof member === 'object' ? sorted(member) : member
    same &&= copy[key] === member
  }
  return same ? object : copy
}
