import { contentHash } from '../model/canonical.ts'
import { isObject, type Json, type JsonObject } from '../model/json.ts'
import { isTrigger, kindOf, workflowKinds } from '../model/kind.ts'
import type { Plan } from '../model/plan.ts'
import type { Trigger } from '../model/trigger.ts'
import { affected } from './affected.ts'
import { type Catalog, catalogOf, keyOf, type ManifestDocument, nameOf, namespaceOf } from './catalog.ts'
import { calleesOf } from './callee.ts'
import { type Compilation, compilationOf } from './compilation.ts'
import { type Diagnostic, sortDiagnostics } from './text/diagnostic.ts'
import { position } from './text/document.ts'
import { duplicateNames } from './duplicate.ts'
import type { Source } from './text/parse.ts'
import { planHash, triggerHash } from './planHash.ts'
import { noted, type Read, read, sourceLineOf, sourceOf } from './source.ts'
import { compileTask } from './workflow/task.ts'
import { compileTrigger } from './trigger/trigger.ts'
import { readValues, unusedValues } from './values.ts'
import { compileWorkflow } from './workflow/workflow.ts'
import { documentOf, type Written } from './written.ts'

export { keyOf, type ManifestDocument } from './catalog.ts'
export { type Diagnostic, formatDiagnostic } from './text/diagnostic.ts'
export { type Difference, differences } from './difference.ts'
export type { Source } from './text/parse.ts'
export { textOf, type Written } from './written.ts'

export type Environment = {
  /** Names of the handlers under tasks/ (paths without extension); null where that folder is not at hand. */
  handlers: string[] | null
  /** What is already applied in this namespace. */
  known: ManifestDocument[]
  /** What of it goes away: `task/charge`. What uses that is compiled anew, without it. */
  removed?: string[]
  /** How known manifests were written, where that is at hand: mistakes in them then have a place. */
  written?: Map<string, Written>
  /** Files of values for `config`. */
  values?: Source[]
  /** Where manifests go that name no namespace; one that names another is refused. Default: any is taken. */
  namespace?: string
}

/** A manifest and, for a workflow or a Task, the plan of it, for a trigger what it is compiled to (absent where it has errors). */
export type CompiledManifest = {
  kind: string
  name: string
  namespace: string
  file: string
  line: number
  document: ManifestDocument
  /** SHA-256 of the canonical JSON of the document; like `planHash` worked out when asked for, as only an apply does. */
  hash: string
  /** The YAML of the document with its comments, before values are put in; of one that was recompiled, empty. */
  source: string
  /** Where `source` begins in its file. */
  sourceLine: number
  /** The values of `config` that went into it; null: it asks for none. */
  config: JsonObject | null
  plan?: Plan
  trigger?: Trigger
  /** SHA-256 of the canonical JSON of the plan or the trigger, without the places of its expressions. */
  planHash: string | undefined
  /** What the plan is made of besides: `task/charge`, `queue/payments`. */
  uses: string[]
  /** Not in the sources, but of what is known: compiled anew because something it uses is in the sources. */
  recompiled?: true
}

export type Compiled = { diagnostics: Diagnostic[]; manifests: CompiledManifest[] }

/**
 * Compiles manifests: text in, plans and diagnostics out, all of all files at once. Never throws because of what is
 * written in them.
 */
export const compile = (sources: Source[], environment: Environment): Compiled => {
  const diagnostics: Diagnostic[] = []
  const { namespace: home = 'default', removed = [], written } = environment
  const values = readValues(environment.values ?? [], diagnostics)
  const given = sources.flatMap(source => read(source, values, environment.namespace, diagnostics))
  diagnostics.push(
    ...duplicateNames(
      given.map(one => one.document),
      home,
    ),
    ...unusedValues(values),
  )
  const identity = (manifest: Json) => identityOf(manifest, home)
  const touched = new Set([
    ...given.map(({ document }) => identity(document.value)),
    ...removed.map(key => `${home}/${key}`),
  ])
  const known = environment.known.filter(manifest => !touched.has(identity(manifest as unknown as Json)))
  const catalogs = new Map<string, Catalog>()
  const catalogFor = (manifest: Json): Catalog => {
    const namespace = namespaceOf(manifest, home)
    let catalog = catalogs.get(namespace)
    if (!catalog) {
      const here = given.filter(({ document }) => namespaceOf(document.value, home) === namespace)
      const before = known.filter(other => namespaceOf(other as unknown as Json, home) === namespace)
      catalog = catalogOf(
        before,
        here.map(one => ({ document: one.document, broken: one.unresolved || one.broken.size > 0 })),
        environment.handlers,
        removed,
      )
      catalog.callee = calleesOf(catalog, here, before, written)
      catalogs.set(namespace, catalog)
    }
    return catalog
  }
  const compiled = (one: Read, remark?: string) =>
    compileOne(one, { catalog: catalogFor(one.document.value), home, remark }, diagnostics)
  const manifests = given.flatMap(one => compiled(one))
  for (const manifest of affected(known, touched, home).filter(one => !losesTarget(one, removed))) {
    const again = compiled(
      documentOf(manifest, written?.get(keyOf(manifest))),
      'applied, and not among these manifests',
    )
    manifests.push(...again.map(one => ({ ...one, source: '', recompiled: true as const })))
  }
  return { diagnostics: sortDiagnostics(diagnostics), manifests }
}

/** What starts a workflow that goes away is not wrong in itself: whoever deletes decides what becomes of it. */
const losesTarget = ({ kind, spec }: ManifestDocument, removed: string[]): boolean =>
  isTrigger(kind) && removed.includes(`workflow/${spec.workflow}`)

/** What is worked out when it is first asked for. */
const once = <T>(work: () => T): (() => T) => {
  let done: { value: T } | undefined
  return () => (done ??= { value: work() }).value
}

/** @param remark what is said behind each mistake, with the name of the manifest */
const compileOne = (
  { document, broken, unresolved, config, notes }: Read,
  { catalog, home, remark }: { catalog: Catalog; home: string; remark: string | undefined },
  diagnostics: Diagnostic[],
): CompiledManifest[] => {
  const manifest = document.value
  const name = nameOf(manifest)
  if (unresolved || !isObject(manifest) || name === undefined || typeof manifest.kind !== 'string') return []
  const key = `${kindOf(manifest.kind)}/${name}`
  const found: Diagnostic[] = []
  const compilation = compilationOf(document, { broken, catalog, applied: remark !== undefined }, found)
  const plan = planOf(compilation, manifest.kind)
  const trigger = isTrigger(manifest.kind) && broken.size === 0 ? compileTrigger(compilation) : undefined
  diagnostics.push(
    ...found.map(one => ({
      ...one,
      message: `${noted(one, notes)}${remark && document.text ? ` (in ${key}, ${remark})` : ''}`,
      manifest: key,
    })),
  )
  const hash = once(() => contentHash(manifest))
  const made = once(() => (!right ? undefined : plan ? planHash(plan) : trigger && triggerHash(trigger)))
  const right = broken.size === 0 && !found.some(diagnostic => diagnostic.severity === 'error')
  return [
    {
      kind: manifest.kind,
      name,
      namespace: namespaceOf(manifest, home),
      file: document.file,
      line: position(document.lines, document.span.start).line,
      document: manifest as unknown as ManifestDocument,
      get hash() {
        return hash()
      },
      source: sourceOf(document),
      sourceLine: sourceLineOf(document),
      config,
      ...(plan && right ? { plan } : {}),
      ...(trigger && right ? { trigger } : {}),
      get planHash() {
        return made()
      },
      uses: [...compilation.uses].sort(),
    },
  ]
}

const planOf = (compilation: Compilation, kind: string): Plan | undefined => {
  if (workflowKinds.includes(kind)) return compileWorkflow(compilation)
  if (kind !== 'Task') return undefined
  return compilation.broken.size === 0 ? compileTask(compilation) : undefined
}

/** Namespace, kind (the workflows' are one) and name. */
const identityOf = (manifest: Json, home: string): string =>
  isObject(manifest) ? `${namespaceOf(manifest, home)}/${kindOf(String(manifest.kind))}/${nameOf(manifest)}` : ''
