import { stringify } from 'yaml'
import { TqError } from '../model/errors.ts'
import type { JsonObject } from '../model/json.ts'
import type { Kind } from '../model/kind.ts'
import { readRevision, readRevisions, type Revision } from '../store/history.ts'
import { readManifest, readManifests } from '../store/manifest.ts'
import { type Applied, apply } from './apply.ts'
import type { Context } from './context.ts'
import { listHandlers } from './handlers.ts'
import { noSuchManifest } from './names.ts'

/** Every revision of a workflow or a Task, newest first. @throws NOT_FOUND */
export const history = async (context: Context, { kind, name }: { kind: Kind; name: string }): Promise<Revision[]> => {
  const revisions = await readRevisions(context.sql, { namespace: context.namespace, kind, name })
  if (revisions.length === 0) throw await noSuchManifest(context, [kind], name)
  return revisions
}

/** `config`: the values that went into it. */
export type Exported = { kind: Kind; name: string; source: string; file: string; config: JsonObject | null }

/** What is applied, as it was written, comments included, in the order of kinds and names. */
export const exported = async (context: Context, only: { kind: Kind; name: string } | null): Promise<Exported[]> => {
  const { sql, namespace } = context
  const rows = (await readManifests(sql, { namespace })).filter(
    row => !only || (row.kind === only.kind && row.name === only.name),
  )
  if (only && rows.length === 0) throw await noSuchManifest(context, [only.kind], only.name)
  const found = []
  for (const { kind, name, revision } of rows) {
    const { source, document, file, config } = (await readRevision(sql, { namespace, kind, name, revision }))!
    found.push({ kind, name, file, source: source || stringify(document), config: source ? config : null })
  }
  return found
}

export type RolledBack = Applied & { to: number }

/**
 * Makes an older revision's document the current one again, as a new revision: with the values of `config` it had then, compiled
 * anew with the Tasks and queues there are now. `changes` is null where it does not fit them any more: the diagnostics say how.
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
  const at = `${kind}/${name}@${wanted}`
  const applied = await apply(context, {
    sources: [{ file: at, text: found.source || stringify(found.document) }],
    values: found.source && found.config ? [{ file: `the values of ${at}`, text: JSON.stringify(found.config) }] : [],
    handlers: await listHandlers(handlersDir),
    origin: current?.origin ?? '',
    file: found.file,
    dryRun,
  })
  const changes = applied.changes?.filter(change => change.action !== 'kept') ?? null
  return { ...applied, changes, to: wanted }
}
