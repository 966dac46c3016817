import { ended, shortId, type Snapshot } from '../engine/reader.ts'
import type { Io } from './io.ts'
import type { View } from './lines.ts'
import { span } from './output.ts'
import { errorLine, icon, progressText, type Row, rows, type ShownItem, stateText, timeText } from './progress.ts'
import { widthOf } from './width.ts'

/**
 * The live tree: redrawn in place, clipped to the terminal, never wrapped; the last frame stays in the scrollback, whole.
 */
export const openTree = (io: Io): View => {
  let last: Snapshot | null = null
  const draw = (snapshot: Snapshot, stays: boolean) => {
    const [head, ...lines] = frame(io, snapshot)
    const room = Math.max(3, io.rows() - 3)
    const shown =
      stays || lines.length <= room
        ? lines
        : [...around(lines, room), { text: io.paint('dim', `   ${lines.length - room} more steps`), active: false }]
    io.frame(
      [head!, ...shown].map(line => line.text),
      stays,
    )
  }
  return {
    show(snapshot) {
      last = snapshot
      draw(snapshot, false)
    },
    end() {
      if (last) draw(last, true)
    },
  }
}

type Line = { text: string; active: boolean }

/** The first line is the run's. */
const frame = (io: Io, { run, plan, nodes, progress }: Snapshot): Line[] => {
  const list = rows(plan, nodes, progress)
  const now = new Date()
  const over = ended(run.state)
  const done = list.filter(row => row.done).length
  const facts = [
    `${run.state} ${span((run.ended_at ?? now).getTime() - run.started_at.getTime())}`,
    `${done}/${list.length} steps`,
    `run ${shortId(run.id)}`,
    `rev ${run.revision}`,
  ]
  const branches = list.map((row, i) => ({
    row,
    name: `${branch(list, i)} ${icon(row.state)} ${row.label}`,
    time: timeText(row, over ? undefined : now),
  }))
  const nameWidth = Math.min(Math.max(...branches.map(({ name }) => widthOf(name)), 12), Math.floor(io.columns() / 2))
  const timeWidth = Math.max(...branches.map(({ time }) => time.length), 6)
  return [
    {
      text: `${colored(io, run.state, over ? icon(run.state) : '●')} ${io.paint('bold', run.name)}  ${io.paint('dim', facts.join('  '))}`,
      active: false,
    },
    ...branches.flatMap(({ row, name, time }, i): Line[] => {
      const pad = ' '.repeat(Math.max(0, nameWidth - widthOf(name)))
      const said = stateText(row, now)
      const rest = time || said ? `${pad}  ${io.paint('dim', time.padStart(timeWidth))}` : ''
      const text = `${io.paint('dim', branch(list, i))} ${colored(io, shade(row), icon(row.state))} ${row.label}${rest}`
      const line = {
        text: said ? `${text}  ${colored(io, row.error ? row.state : '', said)}` : text,
        active: row.state === 'running' || row.state === 'scheduled',
      }
      if (row.done || over) return [line]
      const indent = below(list, i)
      return [line, ...row.shown.map(item => ({ text: itemText(io, indent, item, now), active: false }))]
    }),
  ]
}

/** A forEach with failures that were allowed is done, but not green. */
const shade = (row: Row): string =>
  row.many && row.state === 'succeeded' && row.counts.failed ? 'scheduled' : row.state

/** The lines that matter most when not all have room: those around what is going on, else the first. */
const around = (lines: Line[], room: number): Line[] => {
  const active = lines.findIndex(line => line.active)
  const from = Math.max(0, Math.min(active < 0 ? 0 : active - Math.floor(room / 2), lines.length - room))
  return lines.slice(from, from + room)
}

/** An item under the line of its forEach. */
const itemText = (io: Io, indent: string, { state, item, sinceMs, worker, error, progress }: ShownItem, now: Date) =>
  [
    `${io.paint('dim', indent)}${colored(io, state, icon(state))} [${item}]`,
    state === 'running' ? io.paint('dim', span(now.getTime() - sinceMs)) : '',
    error ? colored(io, state, errorLine(error)) : '',
    progress ? progressText(progress) : '',
    worker ? io.paint('dim', worker) : '',
  ]
    .filter(Boolean)
    .join('  ')

/** What stands before a line below this one: the branches that go on. */
const below = (list: Row[], i: number): string => {
  const { depth } = list[i]!
  const goesOn = (level: number) => list.slice(i + 1).find(row => row.depth <= level)?.depth === level
  return `${Array.from({ length: depth + 1 }, (_, level) => (goesOn(level) ? '│  ' : '   ')).join('')}   `
}

const branch = (list: Row[], i: number): string => {
  const { depth } = list[i]!
  let text = ''
  for (let level = 0; level <= depth; level++) {
    const goesOn = list.slice(i + 1).find(row => row.depth <= level)?.depth === level
    text += level === depth ? (goesOn ? '├─' : '└─') : goesOn ? '│  ' : '   '
  }
  return text
}

const colored = (io: Io, state: string, text: string): string =>
  state === 'succeeded'
    ? io.paint('green', text)
    : state === 'failed'
      ? io.paint('red', text)
      : ['running', 'waiting', 'cancelling'].includes(state)
        ? io.paint('blue', text)
        : state === 'scheduled'
          ? io.paint('yellow', text)
          : io.paint('dim', text)
