import { join } from 'node:path'
import { compile, listHandlers } from '../../engine/client.ts'
import { printDiagnostics } from '../diagnostics.ts'
import { count } from '../output.ts'
import { readSources, readValueFiles } from '../sources.ts'
import type { Action } from '../command.ts'

const validate: Action = async (io, options) => {
  const sources = await readSources(io, options.file as string[] | undefined, options.recursive === true)
  const handlers = await listHandlers(io.env.TQ_HANDLERS ?? join(io.cwd, 'tasks'))
  const values = await readValueFiles(io, options.values as string[] | undefined)
  const { diagnostics, manifests } = compile(sources, { handlers, known: [], values })
  printDiagnostics(io, options.output, {
    diagnostics,
    sources: [...sources, ...values],
    ending: 'Nothing was changed.',
    fine: `${count(manifests.length, 'manifest')} in ${count(sources.length, 'file')} ${manifests.length === 1 ? 'is' : 'are'} valid.`,
  })
  return diagnostics.some(diagnostic => diagnostic.severity === 'error') ? 2 : 0
}
export default validate
