import { type Config, type Context, type Kind, noSuchManifest, readManifest } from '../../engine/reader.ts'
import type { Options } from '../command.ts'
import type { Io } from '../io.ts'
import { linesOfSchedule, stateOfSchedule } from '../schedules.ts'
import { printResult } from '../watching.ts'
import { yamlText } from '../yaml.ts'
import { hookState } from './hook.ts'
import { line } from './line.ts'
import { queueState } from './queue.ts'
import { taskState } from './task.ts'
import { workflowState } from './workflow.ts'

/** What has become of a manifest beside what it is: for machines, and as lines. */
export type State = { data: object; lines: string[] }
type Known = { context: Context; config: Config; name: string; spec: object }

const states: { [kind in Kind]: (known: Known) => Promise<State> } = {
  workflow: workflowState,
  task: taskState,
  queue: queueState,
  hook: hookState,
  schedule: async ({ context, name }) => ({
    data: (await stateOfSchedule(context, name)) ?? {},
    lines: await linesOfSchedule(context, name),
  }),
}

export const describeManifest = async (
  io: Io,
  context: Context,
  config: Config,
  options: Options,
  { kind, name }: { kind: Kind; name: string },
): Promise<number> => {
  const row = await readManifest(context.sql, { namespace: context.namespace, kind, name })
  if (!row) throw await noSuchManifest(context, [kind], name)
  const spec = ((row.document as { spec?: object }).spec ?? {}) as object
  const { data, lines } = await states[kind]({ context, config, name, spec })
  if (options.output !== undefined && options.output !== 'table') {
    printResult(io, options.output, { ...row, state: data }, `${kind}/${name}`, null)
    return 0
  }
  io.out(line('Name', `${kind}/${name}`))
  io.out(line('Revision', `${row.revision}, applied ${row.applied_at.toISOString()} from ${row.file}`))
  io.out(line('Hash', row.hash.slice(0, 12)))
  for (const text of lines) io.out(text)
  io.out(yamlText(spec))
  return 0
}
