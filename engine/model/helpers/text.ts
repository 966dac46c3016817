import type { Json } from '../json.ts'
import type { Helper } from './index.ts'

/** Texts. */
export const textHelpers: { [name: string]: Helper } = {
  join: {
    args: ['list', 'string'],
    min: 1,
    max: 2,
    gives: 'string',
    run: (list, between = ',') => (list as Json[]).map(scalar).join(between as string),
  },
  split: {
    args: ['string', 'string'],
    min: 2,
    max: 2,
    gives: 'list',
    run: (text, at) => (text as string).split(at as string),
  },
  concat: {
    args: ['any'],
    min: 1,
    max: 100,
    gives: 'any',
    run: (...parts) => (parts.every(Array.isArray) ? parts.flat(1) : parts.map(scalar).join('')),
  },
  lower: { args: ['string'], min: 1, max: 1, gives: 'string', run: text => (text as string).toLowerCase() },
  upper: { args: ['string'], min: 1, max: 1, gives: 'string', run: text => (text as string).toUpperCase() },
  trim: { args: ['string'], min: 1, max: 1, gives: 'string', run: text => (text as string).trim() },
  replace: {
    args: ['string', 'string', 'string'],
    min: 3,
    max: 3,
    gives: 'string',
    run: (text, search, by) => (text as string).replaceAll(search as string, () => by as string),
  },
  json: { args: ['any'], min: 1, max: 1, gives: 'string', run: value => JSON.stringify(value) },
  'parse-json': { args: ['string'], min: 1, max: 1, gives: 'any', run: text => parseJson(text as string) },
}

const scalar = (value: Json): string => {
  if (value === null || typeof value === 'object') {
    throw new RangeError(
      `${value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object'} cannot be put into text`,
    )
  }
  return String(value)
}

const parseJson = (text: string): Json => {
  try {
    return JSON.parse(text)
  } catch {
    throw new RangeError('"parse-json" wants a text that is JSON')
  }
}
