import { TqError } from '../model/errors.ts'
import { type Kind, nouns } from '../model/kind.ts'
import { nearest } from '../model/similar.ts'
import { readManifests } from '../store/manifest.ts'
import type { Context } from './context.ts'

/** The error for a name that nothing of these kinds has: with the nearest that is there, else with what there is. */
export const noSuchManifest = async ({ sql, namespace }: Context, kinds: Kind[], name: string): Promise<TqError> => {
  const names = (await readManifests(sql, { namespace })).filter(row => kinds.includes(row.kind)).map(row => row.name)
  const near = nearest(name, names)
  const shown = [...new Set(names)].sort().slice(0, 8)
  const way = near
    ? `did you mean "${near}"?`
    : names.length === 0
      ? 'nothing is applied yet: `tq apply`'
      : `there are ${shown.join(', ')}${names.length > shown.length ? ', …' : ''}`
  return new TqError(
    'NOT_FOUND',
    `there is no ${kinds.map(kind => nouns[kind]).join(' or ')} "${name}" in namespace "${namespace}"; ${way}`,
    { name },
  )
}
