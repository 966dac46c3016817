import type { Context } from '../engine/reader.ts'
import type { Asked } from './command.ts'
import type { Io } from './io.ts'

/**
 * What a word on the command line may be that is not known before the engine or a database is asked.
 *
 * @param typed what stands there already
 * @param given the words before it that are neither flags nor their values, and all words
 */
export const ask = async (
  io: Io,
  wanted: Asked,
  typed: string,
  given: { words: string[]; all: string[] },
): Promise<readonly string[]> => {
  const reader = await import('../engine/reader.ts')
  if (wanted === 'log-level') return reader.logLevels
  if (wanted === 'state') {
    const { listNamed } = await import('./lists/index.ts')
    return given.words[0] === undefined
      ? [...new Set([...reader.runStates, ...reader.jobStates])]
      : (listNamed(given.words[0])?.states ?? [])
  }
  const { connected } = await import('./connect.ts')
  return connected(io, async context => {
    const { sql, namespace } = context
    if (wanted === 'worker') return (await reader.listSessions(sql, { namespace })).map(one => one.worker)
    if (wanted === 'queue')
      return (await reader.readQueues(sql, { namespace })).filter(one => one.id !== 0).map(one => one.name)
    if (wanted === 'input') return inputsOf(context, given)
    const runs =
      wanted === 'run' || wanted === 'plan-or-run' ? await reader.listRuns(sql, { namespace, limit: 20 }) : []
    const names = wanted === 'run' ? [] : await reader.readNames(sql, { namespace })
    const fitting = names.filter(({ kind }) => kindsOf[wanted]?.includes(kind) ?? true)
    return [
      ...fitting.map(({ kind, name }) => (typed.includes('/') ? `${kind}/${name}` : name)),
      ...(wanted === 'run' || wanted === 'plan-or-run' ? reader.runAliases : []),
      ...runs.map(run => reader.shortId(run.id)),
    ]
  })
}

const kindsOf: { [asked in Asked]?: string[] } = {
  startable: ['workflow', 'task'],
  'plan-or-run': ['workflow', 'task'],
  workflow: ['workflow'],
  task: ['task'],
  schedule: ['schedule'],
  hook: ['hook'],
}

/** `name=` for each input of what is to be run that was not given yet. */
const inputsOf = async (
  { sql, namespace }: Context,
  { words, all }: { words: string[]; all: string[] },
): Promise<string[]> => {
  const { readManifest } = await import('../engine/reader.ts')
  const name = words[0]?.replace(/^(workflow|task)\//, '') ?? ''
  const kinds = (['workflow', 'task'] as const).filter(kind => !words[0]?.includes('/') || words[0].startsWith(kind))
  for (const kind of kinds) {
    const found = await readManifest(sql, { namespace, kind, name })
    if (!found) continue
    const { spec } = found.document as { spec?: { inputs?: object; inputSchema?: { properties?: object } } }
    return Object.keys(spec?.inputs ?? spec?.inputSchema?.properties ?? {})
      .map(input => `${input}=`)
      .filter(input => !all.some(word => word.startsWith(input)))
  }
  return []
}
