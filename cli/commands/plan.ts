import {
  compile,
  type Context,
  formatDuration,
  listHandlers,
  noSuchManifest,
  type Plan,
  type PlanNode,
  readConfig,
  readManifest,
  TqError,
} from '../../engine/client.ts'
import { connected } from '../connect.ts'
import { printDiagnostics } from '../diagnostics.ts'
import type { Io } from '../io.ts'
import { print } from '../output.ts'
import { readSources, readValueFiles } from '../sources.ts'
import type { Action, Options } from '../command.ts'

const plan: Action = async (io, options, name) => {
  const found = options.file
    ? await planFromFiles(io, options, String(name))
    : await connected(io, context => appliedPlan(context, String(name)))
  if (!found) return 2
  print(io, options.output, {
    data: found,
    names: found.nodes.map(node => node.path),
    table: {
      header: ['NODE', 'STEP', 'KIND', 'STARTS', 'QUEUE', 'POLICY'],
      rows: found.nodes.map((node, id) => row(found, node, id)),
    },
  })
  return 0
}
export default plan

/** The plan of a workflow or Task in files; null: they have errors, which were printed. */
export const planFromFiles = async (io: Io, options: Options, name: string): Promise<Plan | null> => {
  const sources = await readSources(io, options.file as string[], options.recursive === true)
  const { handlersDir } = await readConfig(io.cwd, {}, io.env)
  const values = await readValueFiles(io, options.values as string[] | undefined)
  const compiled = compile(sources, { handlers: await listHandlers(handlersDir), known: [], values })
  if (compiled.diagnostics.length > 0)
    printDiagnostics(io, options.output, {
      ...compiled,
      sources: [...sources, ...values],
      ending: 'Nothing was changed.',
    })
  if (compiled.diagnostics.some(diagnostic => diagnostic.severity === 'error')) return null
  const manifest = compiled.manifests.find(one => one.name === name && one.plan)
  if (!manifest?.plan) throw new TqError('NOT_FOUND', `these files have no workflow or Task "${name}"`)
  return manifest.plan
}

/** The plan of what is applied under this name. @throws NOT_FOUND */
export const appliedPlan = async (context: Context, name: string): Promise<Plan> => {
  const { namespace } = context
  const found =
    (await readManifest(context.sql, { namespace, kind: 'workflow', name })) ??
    (await readManifest(context.sql, { namespace, kind: 'task', name }))
  if (!found?.plan) throw await noSuchManifest(context, ['workflow', 'task'], name)
  return (await context.plan(found.plan)).plan
}

const row = (plan: Plan, node: PlanNode, id: number): string[] => {
  const sources = plan.nodes.flatMap(source =>
    (source.edges ?? [])
      .filter(edge => edge.to === id)
      .map(edge => `${source.path.split('/').at(-1)}${edge.on === 'failed' ? ' failed' : ''}`),
  )
  const starts =
    id === 0
      ? 'with the run'
      : node.role !== 'member'
        ? `${node.role} of ${plan.nodes[node.parent]!.path || 'the workflow'}`
        : sources.length > 0
          ? `after ${sources.join(', ')}`
          : `with ${plan.nodes[node.parent]!.path || 'the workflow'}`
  const policy = [
    node.when ? 'when' : '',
    node.retry ? `retry ${node.retry.max} × ${formatDuration(node.retry.delayMs)}` : '',
    node.timeoutMs ? `timeout ${formatDuration(node.timeoutMs)}` : '',
    node.deadlineMs ? `deadline ${formatDuration(node.deadlineMs)}` : '',
    node.allowFailure ? 'allowFailure' : '',
  ]
  return [
    String(id),
    `${'  '.repeat(Math.max(0, node.path.split('/').length - 1))}${node.path.split('/').at(-1) || plan.name}`,
    node.task ? `task ${node.task.name}` : node.kind,
    starts,
    node.task?.queue ?? '',
    policy.filter(Boolean).join(', '),
  ]
}
