import { isObject, type JsonObject } from '../model/json.ts'
import type { PlanNode } from '../model/plan.ts'
import type { Callee, Catalog, CatalogTask } from './catalog.ts'
import type { Diagnostic, DiagnosticCode } from './text/diagnostic.ts'
import { type Document, diagnose, keySpan, type Place, valueSpan } from './text/document.ts'
import type { Scalar } from './expression/syntax.ts'

/** The compiling of one document: what its parts work with, and what they add to. */
export type Compilation = {
  document: Document
  catalog: Catalog
  /** It is not given, but applied already. */
  applied: boolean
  diagnostics: Diagnostic[]
  /** Steps that the schema refused: nothing more is said about them. */
  broken: Set<object>
  /** Scalars by their text, read once. */
  scalars: Map<string, Scalar>
  spec: JsonObject
  inputs: JsonObject
  items: Item[]
  uses: Set<string>
  /** For a trigger: its kind, and what its expressions see as `trigger`. */
  trigger?: { kind: string; root: JsonObject }
}

/** A node in the making: the plan's node beside the step as written and the scope it stands in. */
export type Item = {
  id: number
  node: PlanNode
  step: JsonObject
  place: Place
  scope: Scope
  /** The names of a container's members. */
  inner?: MemberScope
  /** Position among the members of its container. */
  index: number
  /** What a flow's step waits for. */
  waits: Wait[]
  /** The schema refused it, or a name in it means nothing. */
  broken: boolean
  task?: CatalogTask
  /** For a `workflow`: what it is. */
  callee?: Callee
  /** It was compiled with the workflow that it is of. */
  embedded?: true
  /** What is known of the output, once `output` is compiled. */
  shaped?: { schema: JsonObject | undefined }
  /** For a forEach: what is known of an item. */
  itemSchema?: JsonObject
}

export type Source = { item: Item; on: 'met' | 'failed' }
/** One entry of `needs`; an `any` with the node that stands for it. */
export type Wait = Source | { any: Source[]; join: Item }

/** What names mean at a place: those of a container's members, of a loop, of a block's owner; then the owner's scope. */
export type Scope = MemberScope | { kind: 'loop'; owner: Item } | { kind: 'block'; owner: Item } | { kind: 'root' }
export type MemberScope = {
  kind: 'members'
  form: 'chain' | 'group' | 'flow' | 'chord'
  owner: Item
  ids: Map<string, Item>
  members: Item[]
}

/** The compiling of a document, before it begins. */
export const compilationOf = (
  document: Document,
  known: Pick<Compilation, 'broken' | 'catalog' | 'applied'>,
  diagnostics: Diagnostic[],
): Compilation => {
  const manifest = document.value as JsonObject
  const spec = isObject(manifest.spec) ? manifest.spec : {}
  const inputs = isObject(spec.inputs) ? spec.inputs : {}
  return { ...known, document, diagnostics, scalars: new Map(), spec, inputs, items: [], uses: new Set() }
}

/** Adds a diagnostic about a value (or, with `'key'`, about its key). */
export const report = (
  compilation: Compilation,
  place: Place,
  code: DiagnosticCode,
  message: string,
  { at = 'value', severity = 'error' }: { at?: 'key' | 'value'; severity?: 'error' | 'warning' } = {},
): void => {
  const { document, diagnostics } = compilation
  const span = (at === 'key' ? keySpan : valueSpan)(document, place)
  diagnostics.push(diagnose(document, span, code, message, severity))
}
