import { resolveManifest, rollback as goBack, TqError } from '../../engine/client.ts'
import { connected } from '../connect.ts'
import { printDiagnostics } from '../diagnostics.ts'
import { print } from '../output.ts'
import { describeChange } from './apply.ts'
import type { Action } from './index.ts'

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
    if (done.diagnostics.length > 0)
      printDiagnostics(io, options.output, {
        ...done,
        ending: `Revision ${done.to} does not fit what is applied now; nothing was changed.`,
      })
    if (!done.changes) return 2
    const shown = done.changes.filter(change => change.action !== 'unchanged')
    print(io, options.output, {
      data: { to: done.to, dryRun, changes: done.changes },
      names: shown.map(change => `${change.kind}/${change.name}`),
      table: { header: [], rows: shown.map(describeChange) },
    })
    io.err(
      shown.length === 0
        ? `${ref.kind}/${ref.name} is as revision ${done.to} had it; nothing to do`
        : `${ref.kind}/${ref.name} ${dryRun ? 'would be' : 'is'} as revision ${done.to} had it${dryRun ? '; nothing was changed' : ''}`,
    )
    return 0
  })
export default rollback
