import { readDraining, removeManifests } from '../../store/change.ts'
import { lockApply, readManifest } from '../../store/manifest.ts'
import { type Applied, apply } from '../apply.ts'
import type { Context } from '../context.ts'
import { listHandlers } from '../handlers.ts'
import { noSuchManifest, resolveManifest } from '../names.ts'
import { keyOf } from './change.ts'

/**
 * Deletes manifests by their names, as pruning does: all of them or none. Their revisions stay.
 *
 * @param names `task/charge`, or `charge` where only one kind has that name
 * @throws NOT_FOUND, AMBIGUOUS, CONFLICT where one has open runs or something starts it
 */
export const removeNamed = async (
  context: Context,
  { names, handlersDir, drain, dryRun }: { names: string[]; handlersDir: string; drain: boolean; dryRun: boolean },
): Promise<Applied> => {
  const { sql, namespace } = context
  const remove = await Promise.all(
    names.map(async typed => {
      const found = await resolveManifest(context, typed)
      if (!(await readManifest(sql, { namespace, ...found })))
        throw await noSuchManifest(context, [found.kind], found.name)
      return found
    }),
  )
  return apply(context, { sources: [], handlers: await listHandlers(handlersDir), origin: '', remove, drain, dryRun })
}

/** Deletes what drains and has no open run any more, with what started it. @returns how many still drain */
export const removeDrained = async (context: Context): Promise<number> => {
  const { sql, namespace } = context
  if ((await readDraining(sql, { namespace })).length === 0) return 0
  const { left, gone } = await sql.begin(async inner => {
    await lockApply(inner, namespace)
    const draining = await readDraining(inner, { namespace })
    const open = draining.filter(one => one.workflow === null && one.runs > 0)
    const drains = new Set(open.map(keyOf))
    const done = draining.filter(
      one => !open.includes(one) && !(one.workflow && drains.has(`workflow/${one.workflow}`)),
    )
    if (done.length > 0) await removeManifests(inner, { namespace, names: done })
    return { left: draining.length - done.length, gone: done }
  })
  if (gone.length > 0) {
    context.log(
      'info',
      `${gone.map(keyOf).join(', ')} had been draining, and ${gone.length === 1 ? 'is' : 'are'} deleted now`,
    )
    context.broker.broadcast({ type: 'triggers' })
  }
  return left
}
