import type { Json, JsonObject } from '../model/json.ts'
import { isObject } from '../model/json.ts'
import { kindOf, workflowKinds } from '../model/kind.ts'
import type { Plan } from '../model/plan.ts'
import type { Document } from './text/document.ts'
import type { Known } from './expression/type.ts'

/** A manifest as plain values. */
export type ManifestDocument = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: { [name: string]: string }; description?: string }
  spec: JsonObject
}

/** What names mean in one namespace. */
export type Catalog = {
  tasks: Map<string, CatalogTask>
  workflows: Map<string, CatalogWorkflow>
  queues: Set<string>
  /** Paths of hooks by their names. */
  hooks: Map<string, Json>
  /** Handlers under tasks/; null where that folder is not at hand. */
  handlers: Set<string> | null
  /** What was applied and goes away: `task/charge`. */
  removed: Set<string>
  /** A workflow as a part of others; undefined where it is not as it should be. */
  callee(name: string): Callee | undefined
}

/** A workflow as a part of others: its plan, what is known of its output, and what it is made of besides. */
export type Callee = { plan: Plan; output: Known; uses: Set<string> }

/** A Task by name; `broken` where its manifest is not as it should be, so that nothing is known about it. */
export type CatalogTask = { name: string; spec: JsonObject; broken: boolean }

/** A workflow by name, with the schemas of its inputs and the names of those that are parts of it. `given`: it is not only applied. */
export type CatalogWorkflow = { name: string; inputs: JsonObject; calls: Set<string>; broken: boolean; given: boolean }

/** One namespace's names: of what is known already, replaced by what is given now. */
export const catalogOf = (
  known: ManifestDocument[],
  given: { document: Document; broken: boolean }[],
  handlers: string[] | null,
  removed: string[] = [],
): Catalog => {
  const catalog: Catalog = {
    tasks: new Map(),
    workflows: new Map(),
    queues: new Set(['default']),
    hooks: new Map(),
    handlers: handlers && new Set(handlers),
    removed: new Set(removed),
    callee: () => undefined,
  }
  for (const manifest of known) enter(catalog, manifest as unknown as Json, { broken: false, given: false })
  for (const { document, broken } of given) enter(catalog, document.value, { broken, given: true })
  return catalog
}

/** What is said of a name that means nothing, where it did so far: that it is about to be deleted. */
export const goesAway = ({ removed }: Catalog, key: string): string =>
  removed.has(key) ? '; it is applied, and about to be deleted' : ''

const enter = (
  catalog: Catalog,
  manifest: Json,
  { broken, given }: Pick<CatalogWorkflow, 'broken' | 'given'>,
): void => {
  const name = nameOf(manifest)
  if (name === undefined || !isObject(manifest)) return
  const spec = isObject(manifest.spec) ? manifest.spec : {}
  if (manifest.kind === 'Task') catalog.tasks.set(name, { name, spec, broken })
  if (manifest.kind === 'Hook' && spec.path !== undefined) catalog.hooks.set(name, spec.path)
  if (manifest.kind === 'Queue') catalog.queues.add(name)
  if (workflowKinds.includes(String(manifest.kind))) {
    const inputs = isObject(spec.inputs) ? spec.inputs : {}
    catalog.workflows.set(name, { name, inputs, calls: callsOf(spec), broken, given })
  }
}

/** The workflows that steps name, at any depth. */
export const callsOf = (spec: JsonObject): Set<string> => {
  const found = new Set<string>()
  const visitStep = (step: Json): void => {
    if (!isObject(step)) return
    if (typeof step.workflow === 'string') found.add(step.workflow)
    visitParts(step)
  }
  const visitParts = (owner: JsonObject): void => {
    for (const key of Object.keys(owner)) {
      const part = owner[key]!
      if (key === 'body') visitStep(part)
      else if (key === 'chord' && isObject(part)) visitParts(part)
      else if (key === 'onError' && Array.isArray(part)) part.filter(isObject).forEach(visitParts)
      else if (stepLists.has(key) && Array.isArray(part)) part.forEach(visitStep)
    }
  }
  visitParts(spec)
  return found
}

/** Fields that hold a list of steps. */
export const stepLists = new Set(['steps', 'chain', 'group', 'flow', 'header', 'do', 'finally'])

/** `task/charge`: what a manifest is called everywhere but in manifests. */
export const keyOf = ({ kind, metadata }: ManifestDocument): string => `${kindOf(kind)}/${metadata.name}`

/** `metadata.name` of what may be a manifest. */
export const nameOf = (manifest: Json): string | undefined => {
  if (!isObject(manifest) || !isObject(manifest.metadata)) return undefined
  return typeof manifest.metadata.name === 'string' ? manifest.metadata.name : undefined
}

/** `metadata.namespace` of what may be a manifest; where it names none, `home`. */
export const namespaceOf = (manifest: Json, home = 'default'): string => {
  const metadata = isObject(manifest) && isObject(manifest.metadata) ? manifest.metadata : {}
  return typeof metadata.namespace === 'string' ? metadata.namespace : home
}
