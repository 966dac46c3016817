import type { Json, JsonObject } from '../json.ts'
import { isObject } from '../json.ts'
import type { Helper } from './index.ts'
import { equal } from './logic.ts'

/** Lists and objects. */
export const listHelpers: { [name: string]: Helper } = {
  list: { args: ['any'], min: 0, max: 1000, gives: 'list', run: (...items) => items },
  object: { args: ['any'], min: 0, max: 1000, gives: 'object', run: (...pairs) => fromPairs(pairs) },
  merge: {
    args: ['object'],
    min: 1,
    max: 100,
    gives: 'object',
    run: (...objects) => fromEntries(objects.flatMap(object => Object.entries(object as JsonObject))),
  },
  get: { args: ['any', 'any', 'any'], min: 2, max: 3, gives: 'any', run: get },
  len: {
    args: ['any'],
    min: 1,
    max: 1,
    gives: 'number',
    run: value => {
      if (typeof value === 'string' || Array.isArray(value)) return value.length
      if (isObject(value)) return Object.keys(value).length
      throw new RangeError('"len" wants a text, a list or an object')
    },
  },
  first: { args: ['list'], min: 1, max: 1, gives: 'any', run: list => end('first', list as Json[], 0) },
  last: { args: ['list'], min: 1, max: 1, gives: 'any', run: list => end('last', list as Json[], -1) },
  sum: { args: ['list'], min: 1, max: 1, gives: 'number', run: list => sum(list as Json[]) },
  unique: { args: ['list'], min: 1, max: 1, gives: 'list', run: list => unique(list as Json[]) },
}

/** `(object 'a' 1 'b' 2)`: keys and values in turn. */
const fromPairs = (pairs: Json[]): JsonObject => {
  if (pairs.length % 2 === 1) throw new RangeError('"object" wants keys and values in turn')
  const entries: [string, Json][] = []
  for (let index = 0; index < pairs.length; index += 2) {
    if (typeof pairs[index] !== 'string') throw new RangeError('"object" wants texts as keys')
    entries.push([pairs[index] as string, pairs[index + 1]!])
  }
  return fromEntries(entries)
}

/** `Object.fromEntries` defines own properties, `__proto__` too: nothing can reach a prototype. */
const fromEntries = (entries: [string, Json][]): JsonObject => Object.fromEntries(entries)

/** `(get object key fallback)`: own keys and positions only; an error where there is none and no fallback. */
function get(container: Json, key: Json, fallback?: Json): Json {
  if (typeof container === 'object' && container !== null && (typeof key === 'string' || typeof key === 'number')) {
    const position = Array.isArray(container) && Number(key) < 0 ? container.length + Number(key) : key
    if (Object.hasOwn(container, position) && position !== 'length') return (container as JsonObject)[position]!
  }
  if (fallback !== undefined) return fallback
  throw new RangeError(`"get" finds no ${JSON.stringify(key)}; give it a third argument to fall back to`)
}

const end = (name: string, list: Json[], position: 0 | -1): Json => {
  if (list.length === 0)
    throw new RangeError(`"${name}" of an empty list; ask (len …) first, or use get with a fallback`)
  return list.at(position)!
}

const sum = (list: Json[]): number =>
  list.reduce<number>((total, item) => {
    if (typeof item !== 'number') throw new RangeError('"sum" wants a list of numbers')
    return total + item
  }, 0)

/** The first of each value; scalars by a set, so that a long list of ids is not compared pair by pair. */
const unique = (list: Json[]): Json[] => {
  const scalars = new Set<Json>()
  const others: Json[] = []
  return list.filter(item => {
    const known =
      typeof item === 'object' && item !== null ? others.some(other => equal(item, other)) : scalars.has(item)
    if (!known) typeof item === 'object' && item !== null ? others.push(item) : scalars.add(item)
    return !known
  })
}
