import {
  compile,
  type Compiled,
  type Diagnostic,
  type Environment,
  type ManifestDocument,
  type Source,
  textOf,
  type Written,
} from '../../compile/index.ts'
import { type Kind, kindOf } from '../../model/kind.ts'
import { type KnownRow, readKnown, readWritten } from '../../store/change.ts'
import type { Context } from '../context.ts'
import type { Wanted } from '../apply.ts'
import { keyOf } from './change.ts'
import { declared } from './declared.ts'

/** Manifests compiled with what is applied, and what that was. */
export type Prepared = {
  compiled: Compiled
  diagnostics: Diagnostic[]
  /** The texts that diagnostics are about, those of applied manifests among them. */
  sources: Source[]
  /** What was applied when they were compiled, by its key. */
  base: Map<string, KnownRow>
}

/** Reads what is applied, and compiles manifests with it. Only documents that may matter are read. */
export const prepare = async (context: Context, wanted: Wanted): Promise<Prepared> => {
  const { sources, values = [] } = wanted
  const without = declared(sources.map(source => source.text))
  const first = await readAndCompile(context, wanted, without)
  // What only looks like a manifest of these was not read.
  const { compiled, base } = missesSome(first, without) ? await readAndCompile(context, wanted, []) : first
  const again = compiled.recompile.filter(key => compiled.diagnostics.some(one => one.file === key))
  const written = again.length === 0 ? null : await writtenOf(context, again, sources)
  const placed = written ? compiled.withText(written) : compiled
  return {
    compiled: placed,
    diagnostics: placed.diagnostics,
    sources: [...sources, ...values, ...(written ? textsOf([...written.values()]) : [])],
    base,
  }
}

/** The texts of manifests as they were applied, each on its lines: those of one file are one text. */
const textsOf = (written: Written[]): Source[] => {
  const files = new Map<string, string[]>()
  for (const one of written) {
    const lines = files.get(one.file) ?? []
    for (const [index, line] of textOf(one).split('\n').entries())
      if (line !== '' || lines[index] === undefined) lines[index] = line
    files.set(one.file, lines)
  }
  return [...files].map(([file, lines]) => ({ file, text: lines.join('\n') }))
}

type Recompiling = Compiled & {
  /** Keys of what was compiled anew. */
  recompile: string[]
  withText(written: Map<string, Written>): Compiled
}

const readAndCompile = async (
  { sql, namespace }: Context,
  { sources, values = [], handlers, origin, remove, file }: Wanted,
  without: { kind: Kind; name: string }[],
): Promise<{ compiled: Recompiling; base: Map<string, KnownRow> }> => {
  const rows = await readKnown(sql, { namespace, without })
  const known = rows.flatMap(row => (row.document ? [row.document as unknown as ManifestDocument] : []))
  const environment: Environment = { handlers, known, values, namespace }
  const first = compile(sources, environment)
  const given = new Set(first.manifests.flatMap(one => (one.recompiled ? [] : [keyOfManifest(one)])))
  // What cannot be read is not missing.
  const isWhole = !first.diagnostics.some(one => one.severity === 'error')
  const removed = !isWhole
    ? []
    : remove === 'missing'
      ? rows.filter(row => row.origin === origin && !given.has(keyOf(row))).map(keyOf)
      : (remove ?? []).map(keyOf)
  const done = removed.length > 0 ? compile(sources, { ...environment, removed }) : first
  const placed = (compiled: Compiled): Compiled =>
    file === undefined
      ? compiled
      : { ...compiled, manifests: compiled.manifests.map(one => (one.recompiled ? one : { ...one, file })) }
  return {
    base: new Map(rows.map(row => [keyOf(row), row])),
    compiled: {
      ...placed(done),
      recompile: done.manifests.flatMap(one => (one.recompiled ? [keyOfManifest(one)] : [])),
      withText: written => placed(compile(sources, { ...environment, removed, written })),
    },
  }
}

export const keyOfManifest = ({ kind, name }: { kind: string; name: string }): string =>
  keyOf({ kind: kindOf(kind), name })

const missesSome = (
  { compiled, base }: { compiled: Compiled; base: Map<string, KnownRow> },
  without: { kind: Kind; name: string }[],
): boolean => {
  const given = new Set(compiled.manifests.map(keyOfManifest))
  return without.some(one => base.has(keyOf(one)) && !given.has(keyOf(one)))
}

/** How these were written. A file of that name may be among the given ones, and have another text by now. */
const writtenOf = async (
  { sql, namespace }: Context,
  keys: string[],
  sources: Source[],
): Promise<Map<string, Written>> => {
  const names = keys.map(key => ({ kind: key.split('/')[0] as Kind, name: key.slice(key.indexOf('/') + 1) }))
  const rows = await readWritten(sql, { namespace, names })
  const files = new Set(sources.map(source => source.file))
  return new Map(
    rows.map(row => [keyOf(row), { ...row, file: files.has(row.file) ? `${row.file} (as applied)` : row.file }]),
  )
}
