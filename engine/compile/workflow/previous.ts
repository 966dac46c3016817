import type { Item } from '../compilation.ts'

/**
 * What *previous* is after these members (L5): node ids, last first, as far back as the first that certainly gives
 * something. Containers written empty give nothing, a step with `when` may give nothing.
 */
export const previous = (members: Item[]): number[] => {
  const ids: number[] = []
  for (let index = members.length - 1; index >= 0; index--) {
    const member = members[index]!
    if (writtenEmpty(member)) continue
    ids.push(member.id)
    if (member.step.when === undefined) break
  }
  return ids
}

/** A forEach over nothing gives `[]`; only a container without members gives nothing. */
const writtenEmpty = ({ node, inner }: Item): boolean =>
  node.kind !== 'task' && node.kind !== 'forEach' && inner !== undefined && inner.members.length === 0
