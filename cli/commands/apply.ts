import {
  type Change,
  type Context,
  apply,
  compile,
  declaredWorkflows,
  listHandlers,
  readManifests,
  type Config,
  type TopicsReport,
} from '../../engine/client.ts'
import { connected } from '../connect.ts'
import { printDiagnostics } from '../diagnostics.ts'
import type { Io } from '../io.ts'
import { print } from '../output.ts'
import { originOf, readSources } from '../sources.ts'
import type { Action, Options } from './index.ts'

const applyCommand: Action = (io, options) =>
  connected(io, async (context, config) => {
    const asked = performance.now()
    const changes = await applyFiles(io, context, config, options)
    if (!changes) return 2
    const count = (action: Change['action']) => changes.filter(change => change.action === action).length
    const shown = changes.filter(change => change.action !== 'unchanged')
    print(io, options.output, {
      data: { changes, dryRun: options.dryRun === true },
      names: shown.map(change => `${change.kind}/${change.name}`),
      table: { header: [], rows: shown.map(describeChange) },
    })
    const sums = `${count('created')} created, ${count('updated')} updated, ${count('unchanged')} unchanged, ${count('deleted')} deleted`
    io.err(
      options.dryRun
        ? `${sums.replace('created', 'to create').replace('updated', 'to update').replace('deleted', 'to delete')}. Nothing was changed.`
        : `${sums} in ${Math.round(performance.now() - asked)} ms`,
    )
    return options.detailedExitcode && count('created') + count('updated') + count('deleted') > 0 ? 10 : 0
  })
export default applyCommand

/** Compiles and applies files. Null: they have errors, which were printed. */
export const applyFiles = async (
  io: Io,
  context: Context,
  config: Config,
  options: Options,
): Promise<Change[] | null> => {
  const files = options.file as string[] | undefined
  const sources = await readSources(io, files, options.recursive === true)
  const known = (
    await readManifests(context.sql, {
      namespace: context.namespace,
      without: declaredWorkflows(sources.map(source => source.text)),
    })
  ).map(row => row.document)
  const compiled = compile(sources, { handlers: await listHandlers(config.handlersDir), known: known as never })
  if (compiled.diagnostics.length > 0)
    printDiagnostics(io, options.output, { diagnostics: compiled.diagnostics, sources, ending: 'Nothing was changed.' })
  if (compiled.diagnostics.some(diagnostic => diagnostic.severity === 'error')) return null
  return apply(context, compiled, {
    origin: originOf(io, files),
    prune: options.prune === true,
    dryRun: options.dryRun === true,
    onTopics: report => {
      for (const text of describeTopics(report)) io.err(text)
    },
  })
}

const describeTopics = (report: TopicsReport): string[] => {
  if (!Array.isArray(report))
    return [
      `  ! Kafka did not answer (${report.unreachable}), so topics were not looked at. Queues run by polling; workers make their topics when it is back.`,
    ]
  return report.flatMap(({ topic, state, detail }) => {
    if (state === 'created') return [`  + topic ${topic}  ${detail}`]
    if (state === 'deleted') return [`  - topic ${topic}`]
    if (state === 'differs') return [`  ! topic ${topic}: ${detail}. It is left as it is.`]
    if (state === 'failed')
      return [`  ! topic ${topic} was not created: ${detail}. Its queue runs by polling until it is.`]
    if (state === 'missing')
      return [
        `  ! topic ${topic} does not exist, and this cluster does not let tq create it; its queue runs by polling until somebody does:`,
        `      ${detail}`,
      ]
    return []
  })
}

/** A line of a table of changes. */
export const describeChange = ({ action, kind, name, revision, runs }: Change): string[] => {
  const sign = { created: '+', updated: '~', deleted: '-', kept: '-', unchanged: '=' }[action]
  const what =
    action === 'kept'
      ? 'not in these files; kept (--prune deletes it)'
      : kind === 'queue' && action === 'updated'
        ? 'live change'
        : action
  return [
    `  ${sign} ${kind}/${name}`,
    what,
    action === 'updated'
      ? `revision ${revision - 1} → ${revision}${runs ? `; ${runs} runs keep the one they have` : ''}`
      : '',
  ]
}
