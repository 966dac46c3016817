import {
  type Applied,
  apply,
  type Change,
  type Config,
  type Context,
  isChange,
  listHandlers,
  type TopicsReport,
  TqError,
} from '../../engine/client.ts'
import { changeLines, sumLine } from '../changes.ts'
import { connected } from '../connect.ts'
import { printDiagnostics } from '../diagnostics.ts'
import type { Io } from '../io.ts'
import { print } from '../output.ts'
import { originOf, readSources, readValueFiles } from '../sources.ts'
import type { Action, Options } from '../command.ts'

const applyCommand: Action = (io, options) =>
  connected(io, async (context, config) => {
    const asked = performance.now()
    if (options.diff !== undefined && options.dryRun)
      throw new TqError('USAGE', '--diff applies what a diff has shown, and --dry-run applies nothing; leave one out')
    const done = await applyWith(io, context, config, options)
    const { changes } = done
    if (!changes) return 2
    printApplied(io, options, done)
    io.err(
      options.dryRun
        ? `${sumLine(changes, { done: false })}. Nothing was changed.`
        : `${sumLine(changes, { done: true })} in ${Math.round(performance.now() - asked)} ms${stayText(changes)}`,
    )
    if (options.dryRun) sayNext(io, options, done)
    return options.detailedExitcode && changes.some(isChange) ? 10 : 0
  })
export default applyCommand

/** The changes as lines, or for machines. */
export const printApplied = (io: Io, options: Options, done: Applied): void => {
  const { changes, diagnostics, diff, unannounced, moved } = done
  const dryRun = options.dryRun === true
  const shown = (changes ?? []).filter(change => change.action !== 'unchanged')
  if (moved.length > 0 && options.output !== 'json')
    io.err(`somebody else has applied ${moved.join(', ')} meanwhile: compiled again with that`)
  print(io, options.output, {
    data: { changes, dryRun, diff, unannounced: unannounced.handlers, moved, diagnostics },
    names: shown.map(change => `${change.kind}/${change.name}`),
    table: { header: [], rows: changeLines(done, { done: !dryRun }).map(line => [line]) },
  })
}

/** How to apply what was shown, and nothing else. */
export const sayNext = (io: Io, options: Options, { diff }: Applied): void => {
  if (diff !== null)
    io.err(`Apply exactly this with: ${['tq apply', ...flagsAgain(options), `--diff ${diff}`].join(' ')}`)
}

const flagsAgain = (options: Options): string[] => [
  ...((options.file as string[] | undefined) ?? []).map(file => `-f ${file}`),
  ...(options.recursive ? ['-R'] : []),
  ...((options.values as string[] | undefined) ?? []).map(file => `--values ${file}`),
  ...(options.prune ? ['--prune'] : []),
  ...(options.drain ? ['--drain'] : []),
]

const stayText = (changes: Change[]): string => {
  const runs = changes.reduce((sum, { action, runs: open }) => sum + (action === 'updated' ? open : 0), 0)
  return runs === 0
    ? ''
    : ` — ${runs} ${runs === 1 ? 'run' : 'runs'} in progress keep${runs === 1 ? 's its' : ' their'} revision`
}

/** Applies files, or says what that would do. Diagnostics are printed, those of machines where nothing else is. */
export const applyWith = async (io: Io, context: Context, config: Config, options: Options): Promise<Applied> => {
  const files = options.file as string[] | undefined
  if (options.drain && !options.prune)
    throw new TqError('USAGE', '--drain is about what --prune deletes: write both, or `tq delete NAME --drain`')
  const done = await apply(context, {
    sources: await readSources(io, files, options.recursive === true),
    values: await readValueFiles(io, options.values as string[] | undefined),
    handlers: await listHandlers(config.handlersDir),
    origin: originOf(io, files),
    ...(options.prune ? { remove: 'missing' as const } : {}),
    drain: options.drain === true,
    dryRun: options.dryRun === true,
    ...(options.diff === undefined ? {} : { diff: String(options.diff) }),
    onTopics: report => {
      for (const text of describeTopics(report)) io.err(text)
    },
  })
  sayDiagnostics(io, options, done, 'Nothing was changed.')
  return done
}

/** Prints what is wrong, and what is warned of. */
export const sayDiagnostics = (
  io: Io,
  options: Options,
  { diagnostics, sources, changes }: Applied,
  ending: string,
) => {
  const isPart = changes !== null && options.output === 'json'
  if (diagnostics.length > 0 && !isPart) printDiagnostics(io, options.output, { diagnostics, sources, ending })
}

/** Compiles and applies files. Null: they have errors, which were printed. */
export const applyFiles = async (
  io: Io,
  context: Context,
  config: Config,
  options: Options,
): Promise<Change[] | null> => (await applyWith(io, context, config, options)).changes

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
