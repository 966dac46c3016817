import { compile, type Compiled, formatDiagnostic } from '../../engine/compile/index.ts'
import type { Plan, PlanNode } from '../../engine/model/plan.ts'

/** Handlers that the tests' manifests may name. */
export const handlers = ['fail', 'log', 'noop', 'sleep']

export const compileText = (text: string): Compiled => compile([{ file: 'test.yaml', text }], { handlers, known: [] })

/** The plan of the last document; throws with all diagnostics where there are any. */
export const planOf = (text: string): Plan => {
  const { diagnostics, manifests } = compileText(text)
  if (diagnostics.length > 0) throw new Error(diagnostics.map(one => formatDiagnostic(one, text)).join('\n'))
  return manifests.at(-1)!.plan!
}

/** A workflow's text from its kind and its spec, which is indented here. */
export const workflow = (kind: string, spec: string): string =>
  `apiVersion: tq/v1\nkind: ${kind}\nmetadata: { name: sample }\nspec:\n${spec.trim().replace(/^/gm, '  ')}\n`

/** Nodes as `path kind`, for a look at the shape of a plan. */
export const shape = (plan: Plan): string[] => plan.nodes.map(node => `${node.path || '.'} ${node.kind}`)

export const node = (plan: Plan, path: string, kind?: PlanNode['kind']): PlanNode => {
  const found = plan.nodes.find(one => one.path === path && (kind === undefined || one.kind === kind))
  if (!found) throw new Error(`no node "${path}"; there are ${shape(plan).join(', ')}`)
  return found
}

/** Codes of all diagnostics, in order. */
export const codes = (text: string): string[] => compileText(text).diagnostics.map(diagnostic => diagnostic.code)
