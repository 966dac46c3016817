import { ended, shortId, type Snapshot } from '../engine/client.ts'
import type { Io } from './io.ts'
import type { View } from './lines.ts'
import { span } from './output.ts'
import { icon, type Row, rows, stateText, timeText } from './progress.ts'

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
      [head!, ...shown].map(line => cut(line.text, io.columns())),
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
const frame = (io: Io, { run, plan, nodes }: Snapshot): Line[] => {
  const list = rows(plan, nodes)
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
    ...branches.map(({ row, name, time }, i): Line => {
      const pad = ' '.repeat(Math.max(0, nameWidth - widthOf(name)))
      const said = stateText(row, now)
      const rest = time || said ? `${pad}  ${io.paint('dim', time.padStart(timeWidth))}` : ''
      const text = `${io.paint('dim', branch(list, i))} ${colored(io, shade(row), icon(row.state))} ${row.label}${rest}`
      return {
        text: said ? `${text}  ${colored(io, row.error ? row.state : '', said)}` : text,
        active: row.state === 'running' || row.state === 'scheduled',
      }
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

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const widthOf = (text: string): number => [...text].reduce((sum, char) => sum + (wide.test(char) ? 2 : 1), 0)

/** Cuts a line to the terminal's width, with an ellipsis; escape sequences take no room. */
const cut = (line: string, columns: number): string => {
  let room = columns - 1
  let text = ''
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b[')) text += part
    else
      for (const char of part) {
        const width = widthOf(char)
        if (room < 0) break
        text += room < width + 1 ? '…' : char
        room = room < width + 1 ? -1 : room - width
      }
  }
  return text
}
