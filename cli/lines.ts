import { ended, shortId, type Snapshot } from '../engine/reader.ts'
import type { Io } from './io.ts'
import { icon, type Row, rows, stateText, timeText } from './progress.ts'

export type View = { show(snapshot: Snapshot): void; end(): void }

/** One line a change, with the time: for pipes, files and CI. */
export const openLines = (io: Io): View => {
  const before = new Map<string, string>()
  let state = ''
  const line = (text: string) => io.err(`${new Date().toTimeString().slice(0, 8)} ${text}`)
  const tell = ({ run }: Snapshot) => {
    if (run.state === state) return
    state = run.state
    line(
      `${icon(run.state)} ${run.name} ${shortId(run.id)} ${run.state}${ended(run.state) ? '' : ` (revision ${run.revision})`}`,
    )
  }
  return {
    show(snapshot) {
      const over = ended(snapshot.run.state)
      if (!over) tell(snapshot)
      const now = new Date()
      const changed = rows(snapshot.plan, snapshot.nodes).filter(row => {
        const key = row.many && !row.done ? `${tenths(row)}${row.error?.name ?? ''}` : `${row.state} ${row.attempts}`
        if (
          key === '' ||
          (!row.many && ['blocked', 'waiting', 'queued'].includes(row.state)) ||
          before.get(row.path) === key
        )
          return false
        before.set(row.path, key)
        return true
      })
      for (const row of changed.sort(byEnd)) {
        const said = stateText(row, now)
        line(
          [
            `${icon(row.state)} ${row.path || snapshot.run.name}`,
            row.many || said.startsWith(row.state) ? '' : row.state,
            said,
            timeText(row),
          ]
            .filter(Boolean)
            .join('  '),
        )
      }
      if (over) tell(snapshot)
    },
    end() {},
  }
}

/** Of many: how many tenths of them have ended, so that a million items are ten lines; nothing before the first. */
const tenths = ({ counts, total }: Row): string => {
  const ended = (['succeeded', 'failed', 'cancelled', 'skipped', 'omitted'] as const).reduce(
    (sum, one) => sum + (counts[one] ?? 0),
    0,
  )
  return total && total >= 100 && ended > 0 ? String(Math.floor((10 * ended) / total)) : ''
}

/** What ended first stands first; what is still open, last. Inner before outer. */
const byEnd = (a: Row, b: Row): number =>
  (a.endedAt?.getTime() ?? Infinity) - (b.endedAt?.getTime() ?? Infinity) || b.depth - a.depth
