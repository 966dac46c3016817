import type { HookSpec, ScheduleSpec } from '../../../schemas/manifest.types.ts'
import type { CompiledManifest } from '../../compile/index.ts'
import type { JsonObject } from '../../model/json.ts'
import { type Kind, kindOf } from '../../model/kind.ts'
import { formatMoment } from '../../model/schedule/moment.ts'
import { nextSlot, timingOf } from '../../model/schedule/timing.ts'
import { readStarters } from '../../store/change.ts'
import { clockNow } from '../../store/schedule.ts'
import type { Sql } from '../../store/sql.ts'
import { type Change, type Effect, keyOf } from './change.ts'

/** Fire times that are shown of a schedule. */
const times = 3

/** What is needed to say what follows from changes: read once for all of them. */
export type Surroundings = {
  /** By the key of a manifest, what uses it. */
  users: Map<string, string[]>
  /** By the name of a workflow, what starts it. */
  starters: Map<string, Starter[]>
  changed: Set<string>
  now: number
}

type Starter = { key: string; kind: Kind; spec: JsonObject }

/** @param changed keys of what is created, updated or goes away */
export const surroundings = async (
  sql: Sql,
  { namespace, manifests, changed }: { namespace: string; manifests: CompiledManifest[]; changed: Set<string> },
): Promise<Surroundings> => {
  const users = new Map<string, string[]>()
  const starters = new Map<string, Starter[]>()
  const addUser = (key: string, what: string) => {
    const before = users.get(key)
    if (!before) users.set(key, [what])
    else if (!before.includes(what)) before.push(what)
  }
  const addStarter = (workflow: string, starter: Starter) =>
    starters.set(workflow, [...(starters.get(workflow) ?? []), starter])
  for (const manifest of manifests) {
    const kind = kindOf(manifest.kind)
    const key = keyOf({ kind, name: manifest.name })
    if (manifest.trigger) addStarter(manifest.trigger.workflow, { key, kind, spec: manifest.document.spec })
    else for (const used of manifest.uses) if (changed.has(used)) addUser(used, key)
  }
  const given = new Set(manifests.map(({ kind, name }) => keyOf({ kind: kindOf(kind), name })))
  const workflows = [...changed].flatMap(key => (key.startsWith('workflow/') ? [key.slice('workflow/'.length)] : []))
  const stored = workflows.length > 0 ? await readStarters(sql, { namespace, workflows }) : []
  for (const { kind, name, workflow, spec } of stored) {
    const key = keyOf({ kind, name })
    if (!given.has(key)) addStarter(workflow, { key, kind, spec })
  }
  return { users, starters, changed, now: await clockNow(sql) }
}

/** @param before its document as it was; null where there was none, or where it is the same */
export const effectsOf = (
  { action, kind, name }: Pick<Change, 'action' | 'kind' | 'name'>,
  manifest: CompiledManifest,
  before: JsonObject | null,
  { users, starters, changed, now }: Surroundings,
): Effect[] => {
  if (action === 'unchanged') return []
  const effects: Effect[] = []
  // A Queue's fields are live: no plan is made of them.
  const because = manifest.uses.filter(used => changed.has(used) && !used.startsWith('queue/'))
  if (action === 'updated' && !before) effects.push({ what: 'recompiled', because })
  const by = users.get(keyOf({ kind, name }))
  if (by) effects.push({ what: 'used', by })
  const started = kind === 'workflow' && action === 'updated' ? starters.get(name) : undefined
  if (started) effects.push({ what: 'started', by: started.map(starter => starter.key) })
  for (const { key, kind, spec } of started ?? [])
    if (kind === 'schedule' && !changed.has(key))
      effects.push({ ...firesAt(spec as unknown as ScheduleSpec, now), schedule: key })
  const spec = manifest.document.spec
  if (kind === 'schedule') effects.push(firesAt(spec as unknown as ScheduleSpec, now))
  if (kind === 'hook' && before)
    effects.push(...hookEffects(before.spec as unknown as HookSpec, spec as unknown as HookSpec))
  return effects
}

const firesAt = (spec: ScheduleSpec, now: number): Effect & { what: 'fires' } => {
  const timing = timingOf(spec)
  const at: string[] = []
  for (let slot = nextSlot(timing, now); slot !== null && at.length < times; slot = nextSlot(timing, slot))
    at.push(formatMoment(slot))
  return { what: 'fires', at, zone: timing.zone, paused: spec.paused === true }
}

const hookEffects = (before: HookSpec, after: HookSpec): Effect[] => {
  const [from, to] = [secretsOf(before), secretsOf(after)]
  return [
    ...(before.path === after.path ? [] : [{ what: 'address' as const, from: before.path, to: after.path }]),
    ...(from.join() === to.join() ? [] : [{ what: 'secrets' as const, from, to }]),
  ]
}

const secretsOf = ({ verify }: HookSpec): string[] => (typeof verify === 'string' ? [] : [verify.secret].flat())
