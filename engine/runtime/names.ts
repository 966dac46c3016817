import { TqError } from '../model/errors.ts'
import { type Kind, kindWords, nouns } from '../model/kind.ts'
import { nearest, oneOf } from '../model/similar.ts'
import { kindsOf } from '../store/history.ts'
import { readManifests } from '../store/manifest.ts'
import type { Context } from './context.ts'

/** The error for a name that nothing of these kinds has: with the nearest that is there, else with what there is. */
export const noSuchManifest = async ({ sql, namespace }: Context, kinds: Kind[], name: string): Promise<TqError> => {
  const applied = await readManifests(sql, { namespace })
  const names = applied.filter(row => kinds.includes(row.kind)).map(row => row.name)
  const noun = kinds.map(kind => nouns[kind]).join(' or ')
  const near = nearest(name, names)
  const shown = [...new Set(names)].sort().slice(0, 8)
  const way = names.includes(name)
    ? 'it was applied this very moment: try again'
    : near
      ? `did you mean "${near}"?`
      : names.length === 0
        ? applied.length === 0
          ? 'nothing is applied yet: `tq apply`'
          : `no ${noun} is applied yet`
        : `there are ${shown.join(', ')}${names.length > shown.length ? ', …' : ''}`
  return new TqError('NOT_FOUND', `there is no ${noun} "${name}" in namespace "${namespace}"; ${way}`, { name })
}

/**
 * The manifest that people mean: `task/charge`, or `charge` where only one kind has that name. It may be taken away since, so
 * revisions count too.
 *
 * @throws NOT_FOUND, AMBIGUOUS
 */
export const resolveManifest = async (context: Context, typed: string): Promise<{ kind: Kind; name: string }> => {
  const { sql, namespace } = context
  const kinds = Object.keys(nouns) as Kind[]
  const at = typed.indexOf('/')
  if (at > 0) {
    const word = typed.slice(0, at)
    const kind = Object.hasOwn(kindWords, word) ? kindWords[word] : undefined
    if (!kind) throw new TqError('USAGE', `"${word}" is no kind${oneOf(word, kinds)}`)
    return { kind, name: typed.slice(at + 1) }
  }
  const found = await kindsOf(sql, { namespace, name: typed })
  if (found.length > 1)
    throw new TqError(
      'AMBIGUOUS',
      `"${typed}" is the name of several; say which: ${found.map(kind => `${kind}/${typed}`).join(' or ')}`,
    )
  if (!found[0]) throw await noSuchManifest(context, kinds, typed)
  return { kind: found[0], name: typed }
}
