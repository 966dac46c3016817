import { oneOf, TqError } from '../../engine/reader.ts'
import type { Listed } from './index.ts'

type Value = string | number | null

/**
 * The list in the order of a column, as `--sort` names it: `took`, or `-took` for the last first. Numbers are compared as such, and
 * what a row has nothing of stands last either way. Rows that are alike keep their order.
 *
 * @throws USAGE where there is no such column
 */
export const sorted = (listed: Listed, by: string | undefined): Listed => {
  if (by === undefined) return listed
  const descending = by.startsWith('-')
  const wanted = by.replace(/^-/, '')
  const column = listed.header.findIndex(name => name.toLowerCase() === wanted.toLowerCase())
  if (column < 0)
    throw new TqError(
      'USAGE',
      `--sort: "${wanted}" is no column of these${oneOf(
        wanted,
        listed.header.map(name => name.toLowerCase()),
      )}`,
    )
  const values = valuesOf(listed, column)
  const order = values.map((_, i) => i).sort((a, b) => compared(values[a]!, values[b]!, descending ? -1 : 1))
  const { data, names, rows } = listed
  return {
    ...listed,
    data: order.map(i => data[i]!),
    names: order.map(i => names[i]!),
    rows: order.map(i => rows[i]!),
  }
}

const compared = (a: Value, b: Value, sign: number): number =>
  a === null || b === null ? Number(a === null) - Number(b === null) : a === b ? 0 : a < b ? -sign : sign

/** What the list itself gives, else the cells: as numbers where all of them begin with one, without the icons of states. */
const valuesOf = ({ header, rows, values = {} }: Listed, column: number): Value[] => {
  const given = values[header[column]!]
  if (given) return given.map(value => (value instanceof Date ? value.getTime() : value))
  const texts = rows.map(row => row[column]!.replace(/^[^\p{L}\p{N}]+/u, ''))
  const isNumber = texts.every(text => text === '' || /^\d+([ /]|$)/.test(text))
  return texts.map(text => (text === '' ? null : isNumber ? Number.parseInt(text, 10) : text))
}
