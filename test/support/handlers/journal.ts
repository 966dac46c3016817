import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineTask } from '../../../engine/task.ts'

/**
 * Writes `start NAME` and `end NAME` (or `abort NAME`) into a journal, so that tests see what ran beside what. With `gate` it
 * ends when that file exists, with `fail` it fails.
 */
export default defineTask<{ journal: string; name: string; gate?: string; fail?: string; ms?: number }>(
  async ({ journal, name, gate, fail, ms = 0 }, { signal, attempt }) => {
    appendFileSync(journal, `start ${name}\n`)
    try {
      if (ms > 0) await sleep(ms, undefined, { signal })
      while (gate !== undefined && !existsSync(gate)) await sleep(5, undefined, { signal })
    } catch {
      appendFileSync(journal, `abort ${name}\n`)
      throw signal.reason
    }
    appendFileSync(journal, `end ${name}\n`)
    if (fail === undefined) return { name, attempt }
    const error = new Error(name)
    error.name = fail
    throw error
  },
)
