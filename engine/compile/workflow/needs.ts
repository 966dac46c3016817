import type { Json, JsonObject } from '../../model/json.ts'
import { isObject } from '../../model/json.ts'
import { didYouMean } from '../../model/similar.ts'
import { type Compilation, type Item, type MemberScope, report, type Source, type Wait } from '../compilation.ts'
import type { Place } from '../text/document.ts'

/** Draws the edges of a flow from its steps' `needs`; an `any` is a node of its own, placed before the step. */
export const connect = (compilation: Compilation, scope: MemberScope): void => {
  for (const member of scope.members) connectMember(compilation, scope, member)
  for (const item of [...scope.members, ...joinsOf(compilation, scope)]) {
    const edges = item.node.edges ?? []
    item.node.tells = !edges.some(edge => compilation.items[edge.to]!.node.needs === 1)
  }
  reportCycle(compilation, scope)
}

const connectMember = (compilation: Compilation, scope: MemberScope, member: Item): void => {
  const joins = member.waits.flatMap(wait => ('any' in wait ? [wait.join] : []))
  member.waits = []
  const { needs } = member.step
  if (!Array.isArray(needs)) return
  needs.forEach((need, index) => {
    const place = { owner: needs, key: index }
    const join = isObject(need) && 'any' in need ? joins.shift() : undefined
    const wait = join ? anyOf(compilation, scope, join, need as JsonObject) : source(compilation, scope, need, place)
    if (!wait) return
    if ('any' in wait) edge(wait.join, member, 'met')
    else if (repeated(member.waits, wait)) {
      report(compilation, place, 'INVALID_VALUE', `"${wait.item.step.id}" stands here twice`)
      return
    } else edge(wait.item, member, wait.on)
    member.waits.push(wait)
  })
}

const repeated = (waits: Wait[], { item }: Source): boolean => waits.some(wait => 'item' in wait && wait.item === item)

const anyOf = (compilation: Compilation, scope: MemberScope, join: Item, need: JsonObject): Wait => {
  const list = Array.isArray(need.any) ? need.any : []
  const sources = list.flatMap((one, index) => source(compilation, scope, one, { owner: list, key: index }) ?? [])
  for (const { item, on } of sources) edge(item, join, on)
  return { any: sources, join }
}

const edge = (from: Item, to: Item, on: 'met' | 'failed'): void => {
  from.node.edges ??= []
  from.node.edges.push({ to: to.id, on })
  to.node.needs++
}

/** The sibling that one entry names; reports a name that no sibling has. */
const source = (compilation: Compilation, scope: MemberScope, need: Json, place: Place): Source | undefined => {
  const id = isObject(need) ? need.step : need
  if (typeof id !== 'string') return undefined
  const item = scope.ids.get(id)
  if (item) return { item, on: isObject(need) && need.on === 'failed' ? 'failed' : 'met' }
  const at = isObject(need) ? { owner: need, key: 'step' } : place
  report(
    compilation,
    at,
    'UNKNOWN_REFERENCE',
    `no step of this flow has the id "${id}"${didYouMean(id, scope.ids.keys()) || elsewhere(compilation, id)}`,
  )
  return undefined
}

const elsewhere = ({ items }: Compilation, id: string): string =>
  items.some(item => item.step.id === id)
    ? '; it stands in another scope, and a step waits for its own siblings only'
    : ''

const joinsOf = (compilation: Compilation, scope: MemberScope): Item[] =>
  scope.members.length === 0
    ? []
    : compilation.items.slice(scope.owner.id + 1).filter(item => item.node.kind === 'any' && item.scope === scope)

/** Follows what steps wait for, each once, without recursion: a flow may have as many steps in a row as it likes. */
const reportCycle = (compilation: Compilation, scope: MemberScope): void => {
  const done = new Set<Item>()
  for (const start of scope.members) {
    const trail: { item: Item; rest: Item[] }[] = []
    const open = new Set<Item>()
    const enter = (item: Item): void => {
      open.add(item)
      trail.push({ item, rest: sourcesOf(item) })
    }
    if (!done.has(start)) enter(start)
    while (trail.length > 0) {
      const { item, rest } = trail.at(-1)!
      const next = rest.pop()
      if (!next) {
        trail.pop()
        open.delete(item)
        done.add(item)
      } else if (open.has(next)) {
        const cycle = trail.map(step => step.item)
        describeCycle(compilation, cycle.slice(cycle.indexOf(next)))
        return
      } else if (!done.has(next)) {
        enter(next)
      }
    }
  }
}

const sourcesOf = (item: Item): Item[] =>
  item.waits.flatMap(wait => ('any' in wait ? wait.any.map(one => one.item) : [wait.item])).reverse()

const describeCycle = (compilation: Compilation, cycle: Item[]): void => {
  const ids = [...cycle, cycle[0]!].map(item => `"${item.step.id}"`)
  const message = `the needs go in a circle: ${ids.join(' needs ')}`
  report(compilation, { owner: cycle[0]!.step, key: 'needs' }, 'NEEDS_CYCLE', message, { at: 'key' })
}
