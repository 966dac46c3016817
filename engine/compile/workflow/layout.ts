import type { Json, JsonObject } from '../../model/json.ts'
import { isObject } from '../../model/json.ts'
import type { DefaultInput, PlanNode } from '../../model/plan.ts'
import { type Compilation, type Item, type MemberScope, report, type Scope } from '../compilation.ts'
import type { Place } from '../text/document.ts'
import { embed } from './embed.ts'
import { connect } from './needs.ts'
import { previous } from './previous.ts'
import { verbs } from '../schema/describe.ts'

/**
 * Lays out the nodes of a workflow in pre-order, with their paths, parents, edges and default inputs. What stands in
 * the steps (policies, expressions) is filled in later, when all names of all scopes are known.
 */
export const layOut = (compilation: Compilation, kind: string): void => {
  const { document, spec } = compilation
  const place = { owner: document.value as JsonObject, key: 'spec' }
  const verb = kind.toLowerCase() as Verb
  const shape = { role: 'member', parent: -1, path: '', index: 0, input: { from: 'inputs' } } as const
  verbItem(compilation, verb, { ...shape, step: spec, place, scope: { kind: 'root' } })
}

type Verb = (typeof verbs)[number]

/** Where a node goes: its step as written and what its surroundings say about it. */
type Slot = {
  step: JsonObject
  place: Place
  scope: Scope
  index: number
  parent: number
  path: string
  role: PlanNode['role']
  input: DefaultInput
}

/** A step's node, inside a forEach where it has one. */
const stepItem = (compilation: Compilation, slot: Slot): Item => {
  const { step } = slot
  const verb = verbs.find(name => Object.hasOwn(step, name)) ?? 'task'
  if (!isObject(step.forEach)) return verbItem(compilation, verb, slot)
  const loop = newItem(compilation, 'forEach', slot)
  const inner: Slot = {
    ...slot,
    scope: { kind: 'loop', owner: loop },
    parent: loop.id,
    index: 0,
    role: 'member',
    input: { from: 'item', loop: loop.id },
  }
  verbItem(compilation, verb, inner)
  close(compilation, loop)
  return loop
}

const verbItem = (compilation: Compilation, verb: Verb, slot: Slot): Item => {
  const item = newItem(compilation, verb, slot)
  if (verb !== 'task') members[verb](compilation, item)
  blocks(compilation, item)
  close(compilation, item)
  return item
}

const newItem = (compilation: Compilation, kind: PlanNode['kind'], slot: Slot): Item => {
  const { step, place, scope, index, parent, path, role, input } = slot
  const id = compilation.items.length
  const node: PlanNode = { kind, path, parent, end: id + 1, role, needs: 0, tells: true, input }
  const broken =
    compilation.broken.has(step) || (parent === -1 && compilation.broken.has(compilation.document.value as object))
  const item: Item = { id, node, step, place, scope, index, waits: [], broken }
  compilation.items.push(item)
  return item
}

const close = (compilation: Compilation, item: Item): void => {
  item.node.end = compilation.items.length
}

/** How the members of each container stand to each other. */
const members: { [verb in Exclude<Verb, 'task'>]: (compilation: Compilation, item: Item) => void } = {
  workflow: embed,
  chain: (compilation, item) => {
    sequence(compilation, item, listed(item, 'chain'), { from: 'container' })
  },
  group: (compilation, item) => {
    parallel(compilation, item, flattened(listed(item, 'group')))
  },
  flow: (compilation, item) => {
    const scope = openScope(item, 'flow')
    for (const written of listed(item, 'flow')) {
      const anys = Array.isArray(written.step.needs)
        ? written.step.needs.filter(need => isObject(need) && 'any' in need)
        : []
      const slot = memberSlot(item, scope, written, { from: 'container' })
      const joins = anys.map((_, index) =>
        newItem(compilation, 'any', { ...slot, step: {}, path: `${slot.path}?any${index}` }),
      )
      const member = addMember(compilation, scope, slot)
      member.waits = joins.map(join => ({ any: [], join }))
    }
    connect(compilation, scope)
  },
  chord: (compilation, item) => {
    const written = item.node.parent === -1 ? item.step : isObject(item.step.chord) ? item.step.chord : {}
    const scope = openScope(item, 'chord')
    const header = chordHeader(compilation, item, scope, written)
    if (!isObject(written.body)) return
    const input: DefaultInput = { from: 'header', node: header.id }
    const slot = memberSlot(
      item,
      scope,
      { step: written.body, place: { owner: written, key: 'body' }, name: 'body' },
      input,
    )
    const body = addMember(compilation, scope, slot)
    body.node.needs = 1
    header.node.edges = [{ to: body.id, on: 'met' }]
    header.node.tells = false
  },
}

/** The header is a group, except where a forEach is its only member: that hands on its list itself (L6). */
const chordHeader = (compilation: Compilation, item: Item, scope: MemberScope, written: JsonObject): Item => {
  const steps = flattened(asSteps(written, 'header'))
  const path = joined(item.node.path, 'header')
  if (steps.length === 1 && isObject(steps[0]!.step.forEach)) {
    const slot = memberSlot(item, scope, steps[0]!, { from: 'container' })
    return addMember(compilation, scope, { ...slot, path: joined(path, segment(steps[0]!)) })
  }
  const place = { owner: written, key: 'header' }
  const base = {
    step: {},
    place,
    scope,
    index: 0,
    parent: item.id,
    path,
    role: 'member',
    input: { from: 'container' },
  } as const
  const group = newItem(compilation, 'group', base)
  scope.members.push(group)
  parallel(compilation, group, steps)
  for (const [id, member] of group.inner!.ids) scope.ids.set(id, member)
  close(compilation, group)
  return group
}

const sequence = (compilation: Compilation, item: Item, steps: WrittenStep[], first: DefaultInput): void => {
  const scope = openScope(item, 'chain')
  for (const written of steps) {
    const before = scope.members.at(-1)
    const input: DefaultInput = before ? { from: 'previous', of: previous(scope.members) } : first
    const slot = memberSlot(item, scope, written, input)
    const member = addMember(compilation, scope, slot)
    if (before) {
      before.node.edges = [{ to: member.id, on: 'met' }]
      before.node.tells = false
      member.node.needs = 1
    }
  }
  item.node.result = previous(scope.members)
}

const parallel = (compilation: Compilation, item: Item, steps: WrittenStep[]): void => {
  const scope = openScope(item, 'group')
  for (const written of steps) addMember(compilation, scope, memberSlot(item, scope, written, { from: 'container' }))
}

const openScope = (item: Item, form: MemberScope['form']): MemberScope => {
  item.inner = { kind: 'members', form, owner: item, ids: new Map(), members: [] }
  return item.inner
}

const memberSlot = (item: Item, scope: MemberScope, written: WrittenStep, input: DefaultInput): Slot => ({
  step: written.step,
  place: written.place,
  scope,
  index: scope.members.length,
  parent: item.id,
  path: joined(item.node.path, segment(written)),
  role: 'member',
  input,
})

const addMember = (compilation: Compilation, scope: MemberScope, slot: Slot): Item => {
  const item = stepItem(compilation, slot)
  scope.members.push(item)
  const { id } = slot.step
  if (typeof id !== 'string') return item
  const place = { owner: slot.step, key: 'id' }
  if (reserved.has(id)) report(compilation, place, 'INVALID_NAME', `"${id}" is a part of every path; take another id`)
  else if (scope.ids.has(id))
    report(compilation, place, 'DUPLICATE_ID', `another step of this scope has the id "${id}"`)
  else scope.ids.set(id, item)
  return item
}

/** Segments of paths that are not ids. */
const reserved = new Set(['finally', 'header'])

/** `onError` and `finally`: chains inside of the subtree of what they belong to. */
const blocks = (compilation: Compilation, item: Item): void => {
  const handlers = Array.isArray(item.step.onError) ? item.step.onError : []
  handlers.forEach((handler, index) => {
    if (!isObject(handler)) return
    const block = addBlock(compilation, item, 'onError', `onError${index}`, asSteps(handler, 'do'), {
      owner: handlers,
      key: index,
    })
    const on = Array.isArray(handler.on) ? { on: handler.on as string[] } : {}
    item.node.onError ??= []
    item.node.onError.push({ ...on, recover: handler.recover === true, block: block.id })
  })
  if (!Array.isArray(item.step.finally)) return
  const steps = asSteps(item.step, 'finally')
  item.node.finally = addBlock(compilation, item, 'finally', 'finally', steps, { owner: item.step, key: 'finally' }).id
}

const addBlock = (
  compilation: Compilation,
  owner: Item,
  role: 'onError' | 'finally',
  name: string,
  steps: WrittenStep[],
  place: Place,
): Item => {
  const input: DefaultInput = role === 'onError' ? { from: 'error' } : { from: 'inputs' }
  const path = joined(owner.node.path, name)
  const scope: Scope = { kind: 'block', owner }
  const block = newItem(compilation, 'chain', { step: {}, place, scope, index: 0, parent: owner.id, path, role, input })
  sequence(compilation, block, steps, input)
  close(compilation, block)
  return block
}

type WrittenStep = { step: JsonObject; place: Place; name: string }

const listed = (item: Item, verb: Verb): WrittenStep[] => asSteps(item.step, item.node.parent === -1 ? 'steps' : verb)

/** The steps of a list; what is no object was refused before and is passed over. */
const asSteps = (owner: JsonObject, key: string): WrittenStep[] => {
  const list: Json = owner[key] ?? []
  if (!Array.isArray(list)) return []
  return list.flatMap((step, index) =>
    isObject(step) ? [{ step, place: { owner: list, key: index }, name: String(index) }] : [],
  )
}

/** A group directly inside a group, without id and modifiers, is its members written in its place (L6). */
const flattened = (steps: WrittenStep[]): WrittenStep[] => {
  if (!steps.some(({ step }) => bare(step))) return steps
  const flat = (list: WrittenStep[]): WrittenStep[] =>
    list.flatMap(written => (bare(written.step) ? flat(asSteps(written.step, 'group')) : [written]))
  return flat(steps).map((written, index) => ({ ...written, name: String(index) }))
}

const bare = (step: JsonObject): boolean => Array.isArray(step.group) && Object.keys(step).length === 1

const segment = ({ step, name }: WrittenStep): string => (typeof step.id === 'string' ? step.id : name)

const joined = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`)
