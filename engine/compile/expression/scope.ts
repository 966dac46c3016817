import { isObject, type JsonObject } from '../../model/json.ts'
import type { Item, MemberScope, Scope, Source } from '../compilation.ts'

/** Where an expression stands: at an item (in what surrounds it), or in its `output`, which sees its members too. */
export type View = { at: Item; inside: boolean; secrets?: Secrets }

/** Where secrets may stand: in the `with` of a task; and there, not where a helper would make something else of them. */
export type Secrets = 'here' | 'unchanged'

/**
 * What an id means somewhere: a step that has ended there (`doubt`: why its output may be missing all the same), one
 * that cannot have run yet, or nothing.
 */
export type Found =
  | { kind: 'ended'; item: Item; doubt?: string; failed: boolean; block: boolean; own: boolean }
  | { kind: 'notYet'; item: Item; reason: string }
  | { kind: 'unknown'; candidates: string[] }

/** Looks an id up from the inside out: siblings that must have ended before, then those of enclosing scopes. */
export const find = (view: View, id: string): Found => {
  const member = view.inside ? view.at.inner?.ids.get(id) : undefined
  if (member) return ended(member, leftOut(member))
  let current: Item | undefined = view.at
  while (current) {
    const { scope }: Item = current
    const found = foundIn(scope, current, id)
    if (found) return found
    current = ownerOf(scope)
  }
  return { kind: 'unknown', candidates: visibleIds(view) }
}

const foundIn = (scope: Scope, current: Item, id: string): Found | undefined => {
  if (scope.kind === 'block') return fromBlock(scope.owner, id)
  const sibling = scope.kind === 'members' ? scope.ids.get(id) : undefined
  return sibling && fromSibling(scope as MemberScope, current, sibling)
}

/** The ids that mean something at a place, whether or not their steps have run. */
const visibleIds = (view: View): string[] => {
  const ids = view.inside && view.at.inner ? [...view.at.inner.ids.keys()] : []
  let current: Item | undefined = view.at
  while (current) {
    const { scope }: Item = current
    if (scope.kind === 'members') for (const [id, item] of scope.ids) if (item !== current) ids.push(id)
    if (scope.kind === 'block') ids.push(...(scope.owner.inner?.ids.keys() ?? []))
    current = ownerOf(scope)
  }
  return ids
}

/** The forEach that a place stands in, with the name of its item; the innermost first. */
export const loops = (view: View): Item[] => {
  const found: Item[] = []
  let current: Item | undefined = view.at
  while (current) {
    const { scope }: Item = current
    if (scope.kind === 'loop') found.push(scope.owner)
    current = ownerOf(scope)
  }
  return found
}

/** The blocks that a place stands in, the innermost first. */
export const blocksAround = (view: View): Item[] => {
  const found: Item[] = []
  let current: Item | undefined = view.at
  while (current) {
    if (current.node.role !== 'member') found.push(current)
    current = ownerOf(current.scope)
  }
  return found
}

const ownerOf = (scope: Scope): Item | undefined => (scope.kind === 'root' ? undefined : scope.owner)

const ended = (item: Item, doubt?: string, more: { failed?: boolean; block?: boolean; own?: boolean } = {}): Found => ({
  kind: 'ended',
  item,
  ...(doubt === undefined ? {} : { doubt }),
  failed: more.failed ?? false,
  block: more.block ?? false,
  own: more.own ?? false,
})

const fromSibling = (scope: MemberScope, current: Item, found: Item): Found => {
  const name = `step "${found.step.id}"`
  if (found === current) return { kind: 'notYet', item: found, reason: `${name} is this step, or what it stands in` }
  switch (scope.form) {
    case 'chain':
      return found.index < current.index
        ? ended(found, skippable(found))
        : { kind: 'notYet', item: found, reason: `${name} comes later in the chain` }
    case 'group':
      return {
        kind: 'notYet',
        item: found,
        reason: `${name} runs beside this step; members of a group do not see each other`,
      }
    case 'chord':
      return current === scope.members[1]
        ? ended(found, skippable(found))
        : { kind: 'notYet', item: found, reason: `${name} comes after the header` }
    case 'flow':
      return fromFlow(current, found, name)
  }
}

const fromFlow = (current: Item, found: Item, name: string): Found => {
  const path = waitPath(current, found)
  if (path === 'none') {
    return { kind: 'notYet', item: found, reason: `this step does not wait for ${name}; add it to \`needs\`` }
  }
  if (path === 'failed') return ended(found, `${name} has failed when this step runs`, { failed: true })
  if (path === 'any')
    return ended(found, `${name} may not have ended: \`any\` waits for the first only`, { block: true })
  return ended(found, skippable(found))
}

/** In what way a flow's step waits for another: certainly, only for its failure, only as one of several, or not. */
const waitPath = (current: Item, found: Item): 'certain' | 'failed' | 'any' | 'none' => {
  // Nearly every reference is to what the step itself names.
  const direct = current.waits.find(wait => 'item' in wait && wait.item === found)
  const certain = direct && 'item' in direct ? direct : behind(current, found, certainSources)
  if (certain) return certain.on === 'failed' ? 'failed' : 'certain'
  return behind(current, found, allSources) ? 'any' : 'none'
}

/** The edge by which a step comes to wait for another, near or far. */
const behind = (current: Item, found: Item, sourcesOf: (item: Item) => Source[]): Source | undefined => {
  const seen = new Set<Item>([current])
  const trail = [current]
  for (let item = trail.pop(); item; item = trail.pop()) {
    for (const source of sourcesOf(item)) {
      if (source.item === found) return source
      if (seen.has(source.item)) continue
      seen.add(source.item)
      trail.push(source.item)
    }
  }
  return undefined
}

/** What a step waits for in any case: an `any` of one is no choice. */
const certainSources = ({ waits }: Item): Source[] =>
  waits.flatMap(wait => ('item' in wait ? [wait] : wait.any.length === 1 ? wait.any : []))

const allSources = ({ waits }: Item): Source[] => waits.flatMap(wait => ('item' in wait ? [wait] : wait.any))

/** The members of what the block belongs to, and that step itself: whether they ran is never certain. */
const fromBlock = (owner: Item, id: string): Found | undefined => {
  const member = owner.inner?.ids.get(id)
  if (member) return ended(member, `step "${id}" may not have run when this block does`, { block: true })
  const whole = owner.step.id === id && owner.scope.kind === 'members' && owner.node.role === 'member'
  if (!whole) return undefined
  return ended(owner, `step "${id}" has no output when its own block runs`, { own: true, block: true })
}

const skippable = (item: Item): string | undefined => {
  const name = `step "${item.step.id}"`
  if (item.step.when !== undefined) return `${name} may be skipped (when)`
  if (item.step.allowFailure === true) return `${name} may have failed (allowFailure)`
  return undefined
}

/** In the output of a flow: what depends on a failure may never have run. */
const leftOut = (item: Item): string | undefined =>
  skippable(item) ?? (omissible(item, new Set()) ? `step "${item.step.id}" may be omitted (needs)` : undefined)

const omissible = (item: Item, seen: Set<Item>): boolean => {
  if (seen.has(item)) return false
  seen.add(item)
  return item.waits.some(wait =>
    'any' in wait
      ? wait.any.every(one => one.on === 'failed' || omissible(one.item, seen))
      : wait.on === 'failed' || omissible(wait.item, seen),
  )
}

/** The name under which expressions see the item of a forEach. */
export const itemName = (step: JsonObject): string =>
  isObject(step.forEach) && typeof step.forEach.as === 'string' ? step.forEach.as : 'item'
