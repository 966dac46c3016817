import { removeNamed } from '../../engine/client.ts'
import { sumLine } from '../changes.ts'
import { connected } from '../connect.ts'
import { printApplied, sayDiagnostics } from './apply.ts'
import type { Action } from '../command.ts'

const deleteCommand: Action = (io, options, names) =>
  connected(io, async (context, { handlersDir }) => {
    const dryRun = options.dryRun === true
    const done = await removeNamed(context, {
      names: names as string[],
      handlersDir,
      drain: options.drain === true,
      dryRun,
    })
    sayDiagnostics(io, options, done, 'What is applied needs it; nothing was changed.')
    if (!done.changes) return 2
    printApplied(io, options, done)
    io.err(`${sumLine(done.changes, { done: !dryRun })}.${dryRun ? ' Nothing was changed.' : ''}`)
    return 0
  })
export default deleteCommand
