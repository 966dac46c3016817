import { stringify } from 'yaml'
import { compile, type Diagnostic, type ManifestDocument, type Source } from '../compile/index.ts'
import { TqError } from '../model/errors.ts'
import { readRevision, readRevisions, type Revision } from '../store/history.ts'
import type { Kind } from '../model/kind.ts'
import { readManifest, readManifests } from '../store/manifest.ts'
import { apply, type Change } from './apply.ts'
import type { Context } from './context.ts'
import { listHandlers } from './handlers.ts'
import { noSuchManifest } from './names.ts'

/** Every revision of a workflow or a Task, newest first. @throws NOT_FOUND */
export const history = async (context: Context, { kind, name }: { kind: Kind; name: string }): Promise<Revision[]> => {
  const revisions = await readRevisions(context.sql, { namespace: context.namespace, kind, name })
  if (revisions.length === 0) throw await noSuchManifest(context, [kind], name)
  return revisions
}

/** What is applied, as it was written, comments included, in the order of kinds and names. */
export const exported = async (
  context: Context,
  only: { kind: Kind; name: string } | null,
): Promise<{ kind: Kind; name: string; source: string; file: string }[]> => {
  const { sql, namespace } = context
  const rows = (await readManifests(sql, { namespace })).filter(
    row => !only || (row.kind === only.kind && row.name === only.name),
  )
  if (only && rows.length === 0) throw await noSuchManifest(context, [only.kind], only.name)
  const found = []
  for (const { kind, name, revision } of rows) {
    const { source, document, file } = (await readRevision(sql, { namespace, kind, name, revision }))!
    found.push({ kind, name, file, source: source || stringify(document) })
  }
  return found
}

export type RolledBack = { diagnostics: Diagnostic[]; sources: Source[]; to: number; changes: Change[] | null }

/**
 * Makes an older revision's document the current one again, as a new revision: compiled anew with the Tasks and queues there
 * are now. `changes` is null where it does not fit them any more: the diagnostics say how.
 *
 * @param to default: the newest whose document is another than the current one
 * @throws NOT_FOUND
 */
export const rollback = async (
  context: Context,
  {
    kind,
    name,
    to,
    handlersDir,
    dryRun,
  }: { kind: Kind; name: string; to?: number; handlersDir: string; dryRun: boolean },
): Promise<RolledBack> => {
  const { sql, namespace } = context
  const revisions = await history(context, { kind, name })
  const current = await readManifest(sql, { namespace, kind, name })
  const wanted = to ?? revisions.find(one => one.hash !== current?.hash)?.revision
  const found = wanted === undefined ? null : await readRevision(sql, { namespace, kind, name, revision: wanted })
  if (wanted === undefined || !found)
    throw new TqError(
      'NOT_FOUND',
      to === undefined
        ? `${kind}/${name} has never been another than it is`
        : `${kind}/${name} has no revision ${to}; it has 1 to ${revisions[0]!.revision}`,
    )
  const sources = [{ file: `${kind}/${name}@${wanted}`, text: found.source || stringify(found.document) }]
  const known = (await readManifests(sql, { namespace })).map(row => row.document as unknown as ManifestDocument)
  const compiled = compile(sources, { handlers: await listHandlers(handlersDir), known })
  const { diagnostics } = compiled
  if (diagnostics.some(one => one.severity === 'error')) return { diagnostics, sources, to: wanted, changes: null }
  const given = { ...compiled, manifests: compiled.manifests.map(one => ({ ...one, file: found.file })) }
  const changes = await apply(context, given, { origin: current?.origin ?? '', prune: false, dryRun })
  return { diagnostics, sources, to: wanted, changes: changes.filter(change => change.action !== 'kept') }
}
