import type { Json, JsonObject } from '../../model/json.ts'
import { kindOf, nouns } from '../../model/kind.ts'
import type { PlanNode, Template } from '../../model/plan.ts'
import { didYouMean } from '../../model/similar.ts'
import type { Trigger } from '../../model/trigger.ts'
import { type CatalogWorkflow, goesAway, nameOf } from '../catalog.ts'
import { type Compilation, report } from '../compilation.ts'
import { hook } from './hook.ts'
import { compilePassed } from '../workflow/passed.ts'
import { schedule } from './schedule.ts'
import type { View } from '../expression/scope.ts'
import { compileValue } from '../expression/template.ts'
import type { Known } from '../expression/type.ts'

/** What compiling must know of a kind of triggers. */
export type TriggerForm = {
  /** What its expressions see as `trigger`: a schema in which what is not named is not there. */
  root(spec: JsonObject): JsonObject
  /** Fields beside `with` that are expressions, and what they give. */
  expressions: { [field: string]: Known }
  /** Checks of its own. */
  check?(compilation: Compilation): void
  /** Changes a compiled template, by what the spec says. */
  finish?(template: Template, spec: JsonObject): Template
}

const forms: { [kind: string]: TriggerForm } = { Schedule: schedule, Hook: hook }

/** Compiles what starts runs by itself. What is wrong is added to the compilation's diagnostics; then it is of no use. */
export const compileTrigger = (compilation: Compilation): Trigger => {
  const manifest = compilation.document.value as JsonObject
  const { spec } = compilation
  const kind = manifest.kind as string
  const form = forms[kind]!
  form.check?.(compilation)
  const seeing = { ...compilation, trigger: { kind, root: form.root(spec) } }
  const finish = (template: Template): Template => form.finish?.(template, spec) ?? template
  const workflow = workflowOf(compilation)
  const passed = workflow && compilePassed(seeing, view, spec, workflow)
  const expressions: Trigger['expressions'] = {}
  for (const [field, expected] of Object.entries(form.expressions)) {
    const compiled = spec[field] === undefined ? undefined : compileField(seeing, field, expected)
    if (compiled) expressions[field] = finish(compiled)
  }
  return {
    kind,
    name: nameOf(manifest) ?? '',
    workflow: String(spec.workflow),
    ...(passed ? { with: finish(passed) } : {}),
    expressions,
    spec,
  }
}

/** The workflow that it names; undefined where there is none, or none that is as it should be. */
const workflowOf = ({ spec, catalog, ...compilation }: Compilation): CatalogWorkflow | undefined => {
  const { workflow: name } = spec
  if (typeof name !== 'string') return undefined
  compilation.uses.add(`workflow/${name}`)
  const found = catalog.workflows.get(name)
  if (found) return found.broken ? undefined : found
  const hint = catalog.tasks.has(name)
    ? `; "${name}" is a Task, and what a ${wordOf(compilation.document.value)} starts is a workflow: a Chain with this one step`
    : goesAway(catalog, `workflow/${name}`) || didYouMean(name, catalog.workflows.keys())
  const message = `workflow "${name}" is not defined${hint}`
  report({ ...compilation, spec, catalog }, { owner: spec, key: 'workflow' }, 'UNKNOWN_WORKFLOW', message)
  return undefined
}

const compileField = (compilation: Compilation, field: string, expected: Known): Template | undefined => {
  const { spec } = compilation
  return compileValue(compilation, view, { owner: spec, key: field }, spec[field]!, expected)?.template
}

const wordOf = (manifest: Json): string => nouns[kindOf(String((manifest as JsonObject).kind))]

/** Outside of every step: nothing but `trigger` is seen there. */
const view: View = {
  at: {
    id: 0,
    node: { kind: 'task', path: '', parent: -1, end: 1, role: 'member' } as PlanNode,
    step: {},
    place: { owner: null, key: '' },
    scope: { kind: 'root' },
    index: 0,
    waits: [],
    broken: false,
  },
  inside: false,
}
