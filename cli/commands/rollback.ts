import { resolveManifest, rollback as goBack, TqError } from '../../engine/client.ts'
import { connected } from '../connect.ts'
import { printDiagnostics } from '../diagnostics.ts'
import { printApplied } from './apply.ts'
import type { Action } from '../command.ts'

const rollback: Action = (io, options, typed) =>
  connected(io, async (context, { handlersDir }) => {
    if (options.to !== undefined && !/^[1-9]\d{0,8}$/.test(String(options.to)))
      throw new TqError('USAGE', `--to ${options.to}: write a revision's number; \`tq history\` lists them`)
    const ref = await resolveManifest(context, String(typed))
    const dryRun = options.dryRun === true
    const done = await goBack(context, {
      ...ref,
      ...(options.to === undefined ? {} : { to: Number(options.to) }),
      handlersDir,
      dryRun,
    })
    const { changes, to } = done
    if (done.diagnostics.length > 0 && !(changes && options.output === 'json'))
      printDiagnostics(io, options.output, {
        ...done,
        ending: `Revision ${to} does not fit what is applied now; nothing was changed.`,
      })
    if (!changes) return 2
    printApplied(io, options, done)
    const same = changes.every(change => change.action === 'unchanged')
    io.err(
      same
        ? `${ref.kind}/${ref.name} is as revision ${to} had it; nothing to do`
        : `${ref.kind}/${ref.name} ${dryRun ? 'would be' : 'is'} as revision ${to} had it${dryRun ? '; nothing was changed' : ''}`,
    )
    return 0
  })
export default rollback
