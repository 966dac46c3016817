import { contentHash } from '../model/canonical.ts'
import { isObject, type Json, type JsonObject } from '../model/json.ts'
import { isTrigger, kindOf, workflowKinds } from '../model/kind.ts'
import type { Plan } from '../model/plan.ts'
import type { Trigger } from '../model/trigger.ts'
import { type Catalog, catalogOf, type ManifestDocument, nameOf, namespaceOf } from './catalog.ts'
import type { Compilation } from './compilation.ts'
import { type Diagnostic, sortDiagnostics } from './diagnostic.ts'
import { type Document, lineIndex, position } from './document.ts'
import { duplicateNames } from './duplicate.ts'
import { parse, type Source } from './parse.ts'
import { planHash, triggerHash } from './planHash.ts'
import { compileTask } from './task.ts'
import { compileTrigger } from './trigger.ts'
import { validate } from './validate.ts'
import { compileWorkflow } from './workflow.ts'

export { type Diagnostic, formatDiagnostic } from './diagnostic.ts'
export type { ManifestDocument } from './catalog.ts'
export type { Source } from './parse.ts'

export type Environment = {
  /** Names of the handlers under tasks/ (paths without extension); null where that folder is not at hand. */
  handlers: string[] | null
  /** What is already applied in this namespace. */
  known: ManifestDocument[]
}

/** A manifest and, for a workflow or a Task, the plan of it, for a trigger what it is compiled to (absent where it has errors). */
export type CompiledManifest = {
  kind: string
  name: string
  namespace: string
  file: string
  line: number
  document: ManifestDocument
  /** SHA-256 of the canonical JSON of the document. */
  hash: string
  /** The YAML of the document with its comments; of one that was recompiled, empty. */
  source: string
  plan?: Plan
  trigger?: Trigger
  /** SHA-256 of the canonical JSON of the plan or the trigger, without the places of its expressions. */
  planHash?: string
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
  const given = sources.flatMap(source => read(source, diagnostics))
  diagnostics.push(...duplicateNames(given.map(one => one.document)))
  const replaced = new Set(given.map(({ document }) => identity(document.value)))
  const known = environment.known.filter(manifest => !replaced.has(identity(manifest as unknown as Json)))
  const catalogs = new Map<string, Catalog>()
  const catalogFor = (namespace: string): Catalog => {
    let catalog = catalogs.get(namespace)
    if (!catalog) {
      const here = given.filter(({ document }) => namespaceOf(document.value) === namespace)
      const before = known.filter(manifest => namespaceOf(manifest as unknown as Json) === namespace)
      catalog = catalogOf(
        before,
        here.map(one => ({ document: one.document, broken: one.broken.size > 0 })),
        environment.handlers,
      )
      catalogs.set(namespace, catalog)
    }
    return catalog
  }
  const manifests = given.flatMap(one => compileOne(one, catalogFor(namespaceOf(one.document.value)), diagnostics))
  const touched = new Set(manifests.map(one => `${one.namespace}/${kindOf(one.kind)}/${one.name}`))
  for (const manifest of affected(known, touched)) {
    const one = { document: documentOf(manifest), broken: new Set<object>() }
    const compiled = compileOne(one, catalogFor(namespaceOf(one.document.value)), diagnostics)
    manifests.push(...compiled.map(again => ({ ...again, recompiled: true as const })))
  }
  return { diagnostics: sortDiagnostics(diagnostics), manifests }
}

type Read = { document: Document; broken: Set<object> }

const read = (source: Source, diagnostics: Diagnostic[]): Read[] => {
  const parsed = parse(source)
  diagnostics.push(...parsed.diagnostics)
  return parsed.documents.map(document => {
    const validated = validate(document)
    diagnostics.push(...validated.diagnostics)
    return { document, broken: validated.broken }
  })
}

const compileOne = ({ document, broken }: Read, catalog: Catalog, diagnostics: Diagnostic[]): CompiledManifest[] => {
  const manifest = document.value
  const name = nameOf(manifest)
  if (!isObject(manifest) || name === undefined || typeof manifest.kind !== 'string') return []
  const found: Diagnostic[] = []
  const compilation = compilationOf(document, broken, catalog, found)
  const plan = planOf(compilation, manifest.kind)
  const trigger = isTrigger(manifest.kind) && broken.size === 0 ? compileTrigger(compilation) : undefined
  diagnostics.push(...found)
  const right = broken.size === 0 && !found.some(diagnostic => diagnostic.severity === 'error')
  return [
    {
      kind: manifest.kind,
      name,
      namespace: namespaceOf(manifest),
      file: document.file,
      line: position(document.lines, document.span.start).line,
      document: manifest as unknown as ManifestDocument,
      hash: contentHash(manifest),
      source: sourceOf(document),
      ...(plan && right ? { plan, planHash: planHash(plan) } : {}),
      ...(trigger && right ? { trigger, planHash: triggerHash(trigger) } : {}),
      uses: [...compilation.uses].sort(),
    },
  ]
}

/** As it was written, comments and all, without the lines that separate documents. */
const sourceOf = ({ text, written }: Document): string => {
  const source = text
    .slice(written.start, written.end)
    .trim()
    .replace(/^---(?=\s)/, '')
    .replace(/\n\.\.\.$/, '')
    .trim()
  return source === '' ? '' : `${source}\n`
}

const compilationOf = (
  document: Document,
  broken: Set<object>,
  catalog: Catalog,
  diagnostics: Diagnostic[],
): Compilation => {
  const manifest = document.value as JsonObject
  const spec = isObject(manifest.spec) ? manifest.spec : {}
  const inputs = isObject(spec.inputs) ? spec.inputs : {}
  return { document, catalog, diagnostics, broken, scalars: new Map(), spec, inputs, items: [], uses: new Set() }
}

const planOf = (compilation: Compilation, kind: string): Plan | undefined => {
  if (workflowKinds.includes(kind)) return compileWorkflow(compilation)
  if (kind !== 'Task') return undefined
  return compilation.broken.size === 0 ? compileTask(compilation) : undefined
}

/** Namespace, kind (the workflows' are one) and name. */
const identity = (manifest: Json): string =>
  isObject(manifest) ? `${namespaceOf(manifest)}/${kindOf(String(manifest.kind))}/${nameOf(manifest)}` : ''

/** Known workflows, Tasks and triggers that name something that is in the sources. */
const affected = (known: ManifestDocument[], touched: Set<string>): ManifestDocument[] =>
  known.filter(manifest => {
    const namespace = namespaceOf(manifest as unknown as Json)
    const mentions = (value: Json): boolean => {
      if (Array.isArray(value)) return value.some(mentions)
      if (!isObject(value)) return false
      return Object.keys(value).some(
        key =>
          ((key === 'task' || key === 'queue') && touched.has(`${namespace}/${key}/${value[key]}`)) ||
          mentions(value[key]!),
      )
    }
    if (isTrigger(manifest.kind)) return touched.has(`${namespace}/workflow/${manifest.spec.workflow}`)
    return (workflowKinds.includes(manifest.kind) || manifest.kind === 'Task') && mentions(manifest.spec)
  })

/** A known manifest has no text any more; diagnostics about it name it instead of a file. */
const documentOf = (manifest: ManifestDocument): Document => ({
  file: `${kindOf(manifest.kind)}/${manifest.metadata.name}`,
  text: '',
  lines: lineIndex(''),
  span: { start: 0, end: 0 },
  written: { start: 0, end: 0 },
  origin: new Map(),
  value: manifest as unknown as Json,
})
