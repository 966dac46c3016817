import { type ChangeAction, type Applied, type Change, type Effect, type Kind, keyOf } from '../engine/client.ts'
import { fieldLine } from './difference.ts'
import { count } from './output.ts'
import { localTime } from './schedules.ts'

/** Lines of fields that are shown of one manifest. */
const mostFields = 20
/**
 * What applying changes, or would: a line a manifest, below it field by field and what follows from it. What is unchanged is only counted.
 *
 * @param done whether it was done
 */
export const changeLines = ({ changes, unannounced }: Applied, { done }: { done: boolean }): string[] => {
  const shown = (changes ?? []).filter(change => change.action !== 'unchanged').sort(byRank)
  const unchanged = (changes ?? []).length - shown.length
  const width = Math.max(0, ...shown.map(change => keyOf(change).length))
  return [
    ...shown.flatMap(change => [head(change, width, done), ...below(change, width)]),
    ...missing(unannounced),
    ...(unchanged > 0 ? [`  = ${unchanged} unchanged`] : []),
  ]
}

/** `1 created, 3 updated, 6 unchanged, 0 deleted`. */
export const sumLine = (changes: Change[], { done }: { done: boolean }): string => {
  const of = (...actions: ChangeAction[]) => changes.filter(change => actions.includes(change.action)).length
  const words = done
    ? ['created', 'updated', 'unchanged', 'deleted', 'draining']
    : ['to create', 'to update', 'unchanged', 'to delete', 'to drain']
  const refused = of('refused')
  return [
    `${of('created')} ${words[0]}`,
    `${of('updated')} ${words[1]}`,
    `${of('unchanged')} ${words[2]}`,
    `${of('deleted')} ${words[3]}`,
    ...(of('draining') > 0 ? [`${of('draining')} ${words[4]}`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ].join(', ')
}

/** What others are made of stands first, and what goes away last. */
const byRank = (a: Change, b: Change): number =>
  Number(goes(a)) - Number(goes(b)) || kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.name < b.name ? -1 : 1)

const goes = ({ action }: Change): boolean => action !== 'created' && action !== 'updated'
const kinds: Kind[] = ['queue', 'task', 'workflow', 'schedule', 'hook']

const signs: Record<ChangeAction, string> = {
  created: '+',
  updated: '~',
  deleted: '-',
  draining: '-',
  refused: '!',
  kept: '-',
  unchanged: '=',
}

const head = (change: Change, width: number, done: boolean): string =>
  `  ${signs[change.action]} ${keyOf(change).padEnd(width)}  ${whatOf(change, done)}`

const whatOf = (change: Change, done: boolean): string => {
  const { action, kind, revision, runs, effects } = change
  const open = count(runs, 'open run')
  const isOnly = (what: Effect['what']) => effects.length === 1 && effects[0]!.what === what
  switch (action) {
    case 'created':
      return done ? 'created' : 'new'
    case 'updated':
      if (isOnly('resumed') && change.fields.length === 0) return 'no longer draining'
      if (kind === 'queue') return 'live change'
      return `revision ${revision - 1} → ${revision}${runs > 0 ? `; ${stayText(change)}` : ''}`
    case 'deleted':
      return done ? 'deleted' : 'to be deleted'
    case 'draining':
      return `${done ? 'draining' : 'to be drained'}${runs > 0 ? `: ${open}; deleted when ${runs === 1 ? 'it has' : 'they have'} ended, and nothing starts it meanwhile` : ''}`
    case 'refused':
      return runs > 0
        ? `cannot be deleted: ${open}; --drain deletes it when ${runs === 1 ? 'it has' : 'they have'} ended`
        : 'cannot be deleted'
    case 'kept':
      return isOnly('drains')
        ? 'draining: deleted when its last run has ended'
        : 'not in these files; kept (--prune deletes it)'
    default:
      return action
  }
}

/** `4 runs in flight stay on 7`, or where they are of several, `3 on 7, 1 on 6`. */
const stayText = ({ runs, inFlight }: Change): string => {
  const on = inFlight.map(one => (inFlight.length === 1 ? String(one.revision) : `${one.revision} (${one.runs})`))
  return `${count(runs, 'run')} in flight ${runs === 1 ? 'stays' : 'stay'} on ${some(on)}`
}

const below = (change: Change, width: number): string[] => {
  const { fields, effects } = change
  const shown = fields.slice(0, mostFields)
  const paths = Math.max(width - 2, ...shown.map(field => field.path.length))
  return [
    ...shown.map(field => fieldLine(field, paths)),
    ...(fields.length > shown.length ? [`      … and ${fields.length - shown.length} more; -o json has all`] : []),
    ...effects.flatMap(effectText).map(text => `      ${text}`),
  ]
}

const effectText = (effect: Effect): string[] => {
  switch (effect.what) {
    case 'recompiled':
      return [`its text is the same; compiled anew because of ${some(effect.because)}`]
    case 'used':
      return [`used by ${some(effect.by)}`]
    case 'started':
      return [`started by ${some(effect.by)}`]
    case 'fires':
      if (effect.at.length === 0) return [`${effect.schedule ? `${effect.schedule} ` : ''}fires no more`]
      return [
        `${effect.schedule ? `${effect.schedule}: ` : ''}${effect.paused ? 'written as paused; would fire' : 'next'} ${effect.at.map(at => localTime(Date.parse(at), effect.zone).replace(` ${effect.zone}`, '')).join(', ')} ${effect.zone}`,
      ]
    case 'address':
      return [`its address changes: ${effect.from} → ${effect.to}; whoever sends to it is to be told`]
    case 'secrets':
      return [`its secrets change: ${some(effect.from) || 'none'} → ${some(effect.to) || 'none'}`]
    case 'stopped':
      return [`it starts ${effect.because}`]
    case 'backfill':
      return [`its backfill of ${effect.from} to ${effect.to} ends; runs that it has started go on`]
    case 'resumed':
      return ['it was draining, and stays']
    case 'drains':
      return []
  }
}

const missing = ({ handlers }: Applied['unannounced']): string[] => {
  if (handlers === null) return ['  ! no worker is live: what starts waits for one (tq worker)']
  const shown = handlers.slice(0, 10)
  return [
    ...shown.map(({ handler, by }) => `  ! ${some(by)}: no live worker announces the handler "${handler}"`),
    ...(handlers.length > shown.length ? [`  ! … and ${handlers.length - shown.length} more handlers`] : []),
  ]
}

const some = (names: string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
