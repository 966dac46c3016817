import { ended, shortId, type Snapshot } from '../engine/client.ts'
import type { Io } from './io.ts'
import { icon, rows, stateText } from './progress.ts'

export type View = { show(snapshot: Snapshot): void; end(): void }

/** One line a change, with the time: for pipes, files and CI. */
export const openLines = (io: Io): View => {
  const before = new Map<string, string>()
  let state = ''
  const line = (text: string) => io.err(`${new Date().toTimeString().slice(0, 8)} ${text}`)
  return {
    show({ run, plan, nodes }) {
      for (const row of rows(plan, nodes)) {
        const text = row.many ? stateText(row) : row.state
        if (row.state === 'blocked' || row.state === 'waiting' || row.state === 'queued' || before.get(row.path) === text) continue
        if (row.many && !row.done) continue
        before.set(row.path, text)
        line(`${icon(row.state)} ${row.path} ${stateText(row)}`)
      }
      if (run.state !== state) {
        state = run.state
        line(`${icon(run.state)} ${run.name} ${shortId(run.id)} ${run.state}${ended(run.state) ? '' : ` (revision ${run.revision})`}`)
      }
    },
    end() {},
  }
}
