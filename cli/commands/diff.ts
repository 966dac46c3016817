import { isChange } from '../../engine/client.ts'
import { sumLine } from '../changes.ts'
import { connected } from '../connect.ts'
import { applyWith, printApplied, sayNext } from './apply.ts'
import type { Action } from '../command.ts'

/** What `tq apply` with the same flags would do; exits with 1 where that is something. */
const diff: Action = (io, options) =>
  connected(io, async (context, config) => {
    const asked = { ...options, dryRun: true }
    const done = await applyWith(io, context, config, asked)
    if (!done.changes) return 2
    printApplied(io, asked, done)
    io.err(`${sumLine(done.changes, { done: false })}. Nothing was changed.`)
    sayNext(io, options, done)
    return done.changes.some(isChange) ? 1 : 0
  })
export default diff
