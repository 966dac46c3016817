import { ended, shortId, type Snapshot } from '../engine/client.ts'
import type { Io } from './io.ts'
import type { View } from './lines.ts'
import { span } from './output.ts'
import { icon, type Row, rows, stateText } from './progress.ts'

/**
 * The live tree: redrawn in place (cursor up, erase down), clipped to the terminal, never wrapped; the last frame stays in the
 * scrollback, whole.
 */
export const openTree = (io: Io): View => {
  let drawn = 0
  let last: Snapshot | null = null
  const draw = (snapshot: Snapshot, whole: boolean) => {
    const lines = frame(io, snapshot)
    const room = Math.max(4, io.rows() - 1)
    const shown = whole || lines.length <= room ? lines : [lines[0]!, ...clipped(lines.slice(1), room - 2), io.paint('dim', `  … ${lines.length} lines`)]
    io.raw(`${drawn > 0 ? `\u001b[${drawn}A\u001b[0G\u001b[0J` : ''}${shown.map(line => cut(line, io.columns())).join('\n')}\n`)
    drawn = shown.length
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

const frame = (io: Io, { run, plan, nodes }: Snapshot): string[] => {
  const list = rows(plan, nodes)
  const now = new Date()
  const until = run.ended_at ?? now
  const done = list.filter(row => row.done).length
  const head = `${colored(io, run.state, icon(run.state))} ${run.name}  run ${shortId(run.id)}  rev ${run.revision}  ${run.state} ${span(until.getTime() - run.started_at.getTime())}  ${done}/${list.length} steps`
  return [head, ...list.map((row, i) => `${io.paint('dim', branch(list, i))} ${colored(io, row.state, icon(row.state))} ${row.label}  ${io.paint('dim', stateText(row, ended(run.state) ? undefined : now))}`)]
}

/** The lines that matter most when not all have room: what is going on, then the rest from the top. */
const clipped = (lines: string[], room: number): string[] => {
  const active = lines.findIndex(line => line.includes('▷'))
  const from = Math.max(0, Math.min(active < 0 ? 0 : active - 2, lines.length - room))
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
  state === 'succeeded' ? io.paint('green', text) : state === 'failed' ? io.paint('red', text) : ['running', 'waiting', 'cancelling'].includes(state) ? io.paint('blue', text) : state === 'scheduled' ? io.paint('yellow', text) : io.paint('dim', text)

/** Cuts a line to the terminal's width; escape sequences take no room. */
const cut = (line: string, columns: number): string => {
  let width = 0
  let text = ''
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b[')) text += part
    else {
      const room = Math.max(0, columns - 1 - width)
      const kept = [...part].slice(0, room)
      text += kept.join('')
      width += kept.length
    }
  }
  return text
}
