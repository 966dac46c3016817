import { setTimeout as sleep } from 'node:timers/promises'
import { connected } from '../connect.ts'
import type { Io } from '../io.ts'
import { type Listed, listOf } from '../lists/index.ts'
import { sorted } from '../lists/sort.ts'
import { columnWidths, formatTable, print, type Table, terminalWidth } from '../output.ts'
import type { Action, Options } from '../command.ts'

const get: Action = (io, options, what, typed) => {
  // `tq get workflow/nightly` is as good as `tq get workflow nightly`.
  const [word = '', rest] = typed === undefined ? String(what).split('/', 2) : [String(what), String(typed)]
  const list = listOf(word, options)
  return connected(io, async context => {
    const read = async () => sorted(await list.read(context, options, rest), options.sort as string | undefined)
    if (options.watch) return follow(io, options, read)
    const found = await read()
    show(io, options, found)
    if (found.hint) io.err(found.hint)
    return 0
  })
}
export default get

const show = (io: Io, { output }: Options, found: Listed): void =>
  print(io, output, { data: found.data, names: found.names, table: tableOf(found, output) })

const tableOf = ({ header, rows, narrow }: Listed, output: string | undefined): Table =>
  output === 'wide'
    ? { header, rows }
    : { header: header.slice(0, narrow), rows: rows.map(row => row.slice(0, narrow)) }

/** How often what is watched is looked at, ms. */
const everyMs = 1000
/** Columns that say how long ago something was: that they go on is no change. */
const moving = new Set(['STARTED', 'TOOK', 'APPLIED', 'UP', 'SINCE'])

/**
 * Shows a list until somebody presses Ctrl-C: on a terminal redrawn in place, else all of it once and then a line for each row that
 * is new or has changed.
 */
const follow = async (io: Io, options: Options, read: () => Promise<Listed>): Promise<number> => {
  const table = options.output === 'table' || options.output === 'wide' || options.output === undefined
  const live = io.terminal && terminalWidth() !== null && table
  const before = new Map<string, string>()
  let widths: number[] | null = null
  let lines: string[] = []
  while (!io.signal.aborted) {
    const found = await read()
    const all = tableOf(found, options.output)
    if (live) {
      lines = formatTable(all, io.columns() - 1).split('\n')
      io.frame(lines.slice(0, Math.max(2, io.rows() - 2)))
    } else {
      const changed = found.rows.map((row, i) => {
        const key = row.filter((_, k) => !moving.has(found.header[k]!)).join('\n')
        if (before.get(found.names[i]!) === key) return false
        before.set(found.names[i]!, key)
        return true
      })
      if (table) {
        const rows = all.rows.filter((_, i) => changed[i])
        const text = formatTable(widths ? { header: [], rows, widths } : { ...all, rows }, Number.POSITIVE_INFINITY)
        if (rows.length > 0) io.out(text)
        if (rows.length > 0) widths ??= columnWidths(all)
      } else
        for (const [i, data] of found.data.entries())
          if (changed[i]) io.out(options.output === 'name' ? found.names[i]! : JSON.stringify(data))
    }
    await sleep(everyMs, undefined, { signal: io.signal }).catch(() => {})
  }
  if (live) io.frame(lines, true)
  return 130
}
