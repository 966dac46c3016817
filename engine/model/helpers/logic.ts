import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../json.ts'
import type { Helper } from './index.ts'

/** Comparing. `eq` is strict: 1 and "1" differ; lists and objects are equal by content. */
export const logicHelpers: { [name: string]: Helper } = {
  eq: { args: ['any', 'any'], min: 2, max: 2, gives: 'boolean', run: (a, b) => equal(a!, b!) },
  ne: { args: ['any', 'any'], min: 2, max: 2, gives: 'boolean', run: (a, b) => !equal(a!, b!) },
  lt: { args: ['any', 'any'], min: 2, max: 2, gives: 'boolean', run: (a, b) => compare('lt', a!, b!) < 0 },
  lte: { args: ['any', 'any'], min: 2, max: 2, gives: 'boolean', run: (a, b) => compare('lte', a!, b!) <= 0 },
  gt: { args: ['any', 'any'], min: 2, max: 2, gives: 'boolean', run: (a, b) => compare('gt', a!, b!) > 0 },
  gte: { args: ['any', 'any'], min: 2, max: 2, gives: 'boolean', run: (a, b) => compare('gte', a!, b!) >= 0 },
  not: { args: ['boolean'], min: 1, max: 1, gives: 'boolean', run: a => !a },
  in: {
    args: ['any', 'text-or-list'],
    min: 2,
    max: 2,
    gives: 'boolean',
    run: (item, list) =>
      typeof list === 'string' ? list.includes(String(item)) : (list as Json[]).some(other => equal(item!, other)),
  },
}

export const equal = (a: Json, b: Json): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && isDeepStrictEqual(a, b))

/** Two numbers or two texts (by code units, so that ISO dates compare); anything else is an error. */
const compare = (name: string, a: Json, b: Json): number => {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  throw new RangeError(`"${name}" compares two numbers or two texts`)
}
