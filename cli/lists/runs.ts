import {
  type Context,
  countRunsUpTo,
  listRuns,
  noSuchManifest,
  printId,
  readManifest,
  readManifests,
  resolveRun,
  type RunState,
  runStates,
  shortId,
} from '../../engine/reader.ts'
import type { Options } from '../command.ts'
import { labelsOf, limitOf, sinceOf } from '../options.ts'
import { ago, count, lasted, took } from '../output.ts'
import { icon, number } from '../progress.ts'
import type { List } from './index.ts'

/** Further runs are not counted. */
const countedUpTo = 1000

export const runs: List = {
  words: ['runs', 'run'],
  flags: ['state', 'workflow', 'trigger', 'since', 'label', 'limit'],
  states: runStates,
  async read(context, options, name) {
    const limit = limitOf(options) ?? 20
    const asked = { namespace: context.namespace, ...(await filterOf(context, options, name)) }
    const found = await listRuns(context.sql, { ...asked, limit: limit + 1 })
    const shown = found.slice(0, limit)
    const all = found.length > limit ? await countRunsUpTo(context.sql, { ...asked, limit: countedUpTo }) : found.length
    const counted = all >= countedUpTo ? `${number(countedUpTo)} or more` : number(all)
    return {
      data: shown.map(run => ({ ...run, id: printId(run.id) })),
      names: shown.map(run => printId(run.id)),
      header: ['RUN', 'WORKFLOW', 'STATE', 'JOBS', 'STARTED', 'TOOK', 'TRIGGER', 'REVISION', 'LABELS', 'ID', 'AT'],
      rows: shown.map(run => [
        shortId(run.id),
        run.name,
        `${icon(run.state)} ${run.state}${run.warnings ? ` (${count(run.warnings, 'warning')})` : ''}`,
        `${run.done}/${run.done + run.open}`,
        ago(run.started_at),
        took(run.started_at, run.ended_at),
        run.trigger,
        String(run.revision),
        Object.entries((run.labels ?? {}) as object)
          .map(([label, value]) => `${label}=${value}`)
          .join(','),
        printId(run.id),
        run.started_at.toISOString(),
      ]),
      values: {
        STARTED: shown.map(run => run.started_at),
        TOOK: shown.map(run => lasted(run.started_at, run.ended_at)),
      },
      narrow: 7,
      hint:
        found.length === 0
          ? await nothingRan(context, options, name)
          : found.length > limit
            ? `${limit} of ${counted} runs, the newest. More: --limit ${limit * 5}, --state failed, -o wide`
            : null,
    }
  },
}

const filterOf = async (context: Context, options: Options, name: string | undefined) => {
  const state = options.state as RunState | undefined
  return {
    ...(await runOrName(context, name ?? (options.workflow as string | undefined))),
    ...(state ? { state } : {}),
    ...(typeof options.trigger === 'string' ? { trigger: options.trigger } : {}),
    since: sinceOf(options.since),
    labels: labelsOf(options),
  }
}

/** Of what is applied under that name, else the one run that it is the id of. */
const runOrName = async (context: Context, name: string | undefined): Promise<{ name?: string; id?: string }> => {
  if (name === undefined) return {}
  if (name.startsWith('@')) return { id: await resolveRun(context, name) }
  const { sql, namespace } = context
  const applied = await Promise.all(
    (['workflow', 'task'] as const).map(kind => readManifest(sql, { namespace, kind, name })),
  )
  const id = applied.some(Boolean) ? null : await resolveRun(context, name).catch(() => null)
  return id ? { id } : { name }
}

/** What to do where no run is found. */
const nothingRan = async (context: Context, options: Options, name: string | undefined): Promise<string> => {
  const chosen = ['label', 'trigger', 'since'].find(flag => options[flag] !== undefined)
  if (chosen) return `no run is chosen by --${chosen}${options.state ? ' and --state' : ''}; all: tq get runs`
  if (options.state) return `no run is ${options.state}; all: tq get runs`
  const wanted = name ?? (options.workflow as string | undefined)
  const names = (await readManifests(context.sql, { namespace: context.namespace }))
    .filter(row => row.kind === 'workflow')
    .map(row => row.name)
  if (names.length === 0) return 'no runs yet, and no workflows: tq apply -f manifests/'
  if (wanted && !names.includes(wanted)) throw await noSuchManifest(context, ['workflow', 'task'], wanted)
  return `no runs yet; start one: tq run ${wanted ?? names[0]} --watch`
}
