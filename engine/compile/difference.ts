import { canonicalJson } from '../model/canonical.ts'
import { isObject, type Json, type JsonObject } from '../model/json.ts'

/** One field that two documents do not have alike. Without `from` it is new, without `to` it is gone. */
export type Difference = {
  /** `spec.steps[ship].retry.max`: members of lists by their `id`, where they have one, else by their position. */
  path: string
  from?: Json
  to?: Json
  /** The same members in another order: `from` and `to` name them. */
  order?: true
}

/** What is different between two values, field by field, in the order of the new one. */
export const differences = (from: Json, to: Json, path = ''): Difference[] => {
  if (isObject(from) && isObject(to)) return ofObjects(from, to, path)
  if (Array.isArray(from) && Array.isArray(to)) return ofLists(from, to, path)
  return canonicalJson(from) === canonicalJson(to) ? [] : [{ path, from, to }]
}

const ofObjects = (from: JsonObject, to: JsonObject, path: string): Difference[] => {
  const at = (key: string) => (path === '' ? key : `${path}.${key}`)
  const gone = Object.keys(from).filter(key => !Object.hasOwn(to, key))
  return [
    ...Object.keys(to).flatMap(key =>
      Object.hasOwn(from, key) ? differences(from[key]!, to[key]!, at(key)) : [{ path: at(key), to: to[key]! }],
    ),
    ...gone.map(key => ({ path: at(key), from: from[key]! })),
  ]
}

/** Members are the same by their ids; those without one where they are alike, and what is left over one after the other. */
const ofLists = (from: Json[], to: Json[], path: string): Difference[] => {
  const pairs = pair(from, to)
  const paired = new Set(pairs.values())
  const order = [...pairs.keys()].sort((a, b) => a - b).map(index => pairs.get(index)!)
  const moved = order.some((before, index) => index > 0 && before < order[index - 1]!)
  return [
    ...to.flatMap((item, index) => {
      const before = pairs.get(index)
      const at = `${path}[${nameOf(item, index)}]`
      return before === undefined ? [{ path: at, to: item }] : differences(from[before]!, item, at)
    }),
    ...from.flatMap((item, index) =>
      paired.has(index) ? [] : [{ path: `${path}[${nameOf(item, index)}]`, from: item }],
    ),
    ...(moved
      ? [
          {
            path,
            from: order.toSorted((a, b) => a - b).map(index => nameOf(from[index]!, index)),
            to: [...pairs.keys()].sort((a, b) => a - b).map(index => nameOf(to[index]!, index)),
            order: true as const,
          },
        ]
      : []),
  ]
}

/** Positions in the new list with those in the old one. */
const pair = (from: Json[], to: Json[]): Map<number, number> => {
  const pairs = new Map<number, number>()
  const free = new Set(from.keys())
  const match = (keyOf: (item: Json) => string | undefined) => {
    const places = new Map<string, number[]>()
    for (const index of free) {
      const key = keyOf(from[index]!)
      if (key !== undefined) places.set(key, [...(places.get(key) ?? []), index])
    }
    for (const [index, item] of to.entries()) {
      const key = pairs.has(index) ? undefined : keyOf(item)
      const before = key === undefined ? undefined : places.get(key)?.shift()
      if (before === undefined) continue
      pairs.set(index, before)
      free.delete(before)
    }
  }
  match(idOf)
  if (free.size > 0) match(item => (idOf(item) === undefined ? canonicalJson(item) : undefined))
  const left = [...free].filter(index => idOf(from[index]!) === undefined)
  for (const [index, item] of to.entries()) {
    if (left.length === 0) break
    if (pairs.has(index) || idOf(item) !== undefined) continue
    pairs.set(index, left.shift()!)
  }
  return pairs
}

const idOf = (item: Json): string | undefined => (isObject(item) && typeof item.id === 'string' ? item.id : undefined)

const nameOf = (item: Json, index: number): string => idOf(item) ?? String(index)
