import type { Io } from './io.ts'
import { cut, widthOf } from './width.ts'
import { yamlText } from './yaml.ts'

/**
 * A cell is text; a table drops columns until it fits a terminal, and never wraps. `widths`: columns are at least so
 * wide, so that rows printed later stand below those before.
 */
export type Table = { header: string[]; rows: string[][]; widths?: number[] }

/** Prints an answer in the format asked for: `data` for machines, `table` for people, `names` one a line. */
export const print = (
  io: Io,
  format: string | undefined,
  { data, table, names }: { data: unknown; table: Table; names: string[] },
): void => {
  if (format === 'json') io.out(JSON.stringify(data, null, 2))
  else if (format === 'jsonl') for (const one of Array.isArray(data) ? data : [data]) io.out(JSON.stringify(one))
  else if (format === 'yaml') io.out(yamlText(data))
  else if (format === 'name') for (const name of names) io.out(name)
  else if (table.rows.length > 0 || table.header.length > 0)
    io.out(formatTable(table, terminalWidth() ?? Number.POSITIVE_INFINITY))
}

/** The same for what is no table. */
export const printData = (io: Io, format: string, data: unknown, names: string[]): void =>
  print(io, format, { data, names, table: { header: [], rows: [] } })

/** The columns of the terminal that stdout is; null: it is none. */
export const terminalWidth = (): number | null => (process.stdout.isTTY ? process.stdout.columns || 80 : null)

/**
 * A table without a header is its rows alone. Where it is too wide, columns are dropped from the right, but those by which a row is
 * known and judged stay; what is too wide even so is cut.
 */
export const formatTable = ({ header, rows, widths: least = [] }: Table, width: number): string => {
  const all = header.length > 0 ? [header, ...rows] : rows
  const widths = fitting(header, columnWidths({ header, rows, widths: least }), width)
  const shown = [...widths.keys()].filter(i => widths[i]! >= 0)
  const last = shown.at(-1)
  return all
    .map(row =>
      shown
        .map(i => {
          const cell = cut(row[i] ?? '', widths[i]! + 1)
          return i === last ? cell : cell + ' '.repeat(widths[i]! - widthOf(cell))
        })
        .join('  ')
        .trimEnd(),
    )
    .map(line => (width === Number.POSITIVE_INFINITY ? line : cut(line, width + 1)))
    .join('\n')
}

/** Columns that stay beside the first: without its state a row says little. */
const staying = ['JOB', 'STATE', 'PAUSED']
/** Columns that say something even where they are cut, down to so many letters. */
const cuttable = ['ERROR', 'PROBLEM']
const fewestLetters = 20

/** How wide columns are drawn so that they fit: -1 is not at all. */
const fitting = (header: string[], natural: number[], width: number): number[] => {
  const widths = natural.map((one, i) => (isCut(header, i) ? Math.min(one, fewestLetters) : one))
  const total = () => widths.reduce((sum, one) => (one < 0 ? sum : sum + one + 2), -2)
  const going = [...widths.keys()].filter(i => i > 0 && !staying.includes(header[i]!))
  const byImportance = going.toSorted((a, b) => Number(isCut(header, a)) - Number(isCut(header, b)) || b - a)
  for (const i of byImportance) if (total() > width) widths[i] = -1
  for (const i of going)
    if (widths[i]! >= 0) widths[i] = Math.min(natural[i]!, widths[i]! + Math.max(0, width - total()))
  return widths
}

const isCut = (header: string[], i: number): boolean => cuttable.includes(header[i]!)

/** How wide each column of a table is. */
export const columnWidths = ({ header, rows, widths = [] }: Table): number[] => {
  const found = [...widths]
  for (const row of [header, ...rows])
    for (const [i, cell] of row.entries()) found[i] = Math.max(found[i] ?? 0, widthOf(cell))
  return found
}

/** `1 error`, `2 errors`. */
export const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`

/** `4m ago`, for tables. */
export const ago = (date: Date | string | null): string => {
  if (date === null) return '—'
  return `${span(Date.now() - new Date(date).getTime())} ago`
}

/** `in 4m`: what is to come. */
export const until = (date: Date | null): string => (date ? `in ${span(date.getTime() - Date.now())}` : '—')

/** A span of time at a glance: `212 ms`, `3.2s`, `4m`, `2h`, `3d`. */
export const span = (ms: number): string => {
  if (ms < 0) return '0 ms'
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)}m${ms < 600_000 ? `${Math.floor((ms % 60_000) / 1000)}s` : ''}`
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)}h`
  return `${Math.floor(ms / 86_400_000)}d`
}

export const took = (from: Date | null, to: Date | null): string => {
  const ms = lasted(from, to)
  return ms === null ? '—' : span(ms)
}

/** Ms between two moments; null where one of them is not yet. */
export const lasted = (from: Date | null, to: Date | null): number | null =>
  from && to ? to.getTime() - from.getTime() : null
