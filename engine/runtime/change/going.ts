import { TqError } from '../../model/errors.ts'
import { formatMoment } from '../../model/schedule/moment.ts'
import { openBackfills } from '../../store/backfill.ts'
import { isTriggerKind, type Kind } from '../../model/kind.ts'
import { readStarters, removeManifests, setDraining } from '../../store/change.ts'
import type { AppliedRow } from '../../store/manifest.ts'
import type { Sql } from '../../store/sql.ts'
import { type Change, type InFlight, inFlightOf, keyOf } from './change.ts'

/**
 * What becomes of manifests that are to go: deleted; with open runs refused, or draining until the last of these has ended. What starts
 * a workflow that goes stays only where that is refused; with `drain` it goes too.
 *
 * @param staying keys of what these manifests themselves have
 */
export const goingOf = async (
  sql: Sql,
  {
    namespace,
    rows,
    applied,
    staying,
    runs,
    drain,
  }: {
    namespace: string
    rows: AppliedRow[]
    applied: Map<string, AppliedRow>
    staying: Set<string>
    runs: Map<string, InFlight[]>
    drain: boolean
  },
): Promise<Change[]> => {
  const going = rows.map(row => goes(row, inFlightOf(runs, keyOf(row)), drain))
  const workflows = rows.filter(row => row.kind === 'workflow').map(row => row.name)
  const gone = new Set(rows.map(keyOf))
  const starters = (workflows.length > 0 ? await readStarters(sql, { namespace, workflows }) : []).filter(
    one => !gone.has(keyOf(one)) && !staying.has(keyOf(one)),
  )
  if (drain) {
    const followed = starters.map(one => follows(one, applied.get(keyOf(one))!, going))
    return withBackfills(sql, namespace, [...going, ...followed])
  }
  const decided = going.map(change => {
    const by = starters
      .filter(one => change.kind === 'workflow' && one.workflow === change.name && !applied.get(keyOf(one))!.draining)
      .map(keyOf)
    return by.length === 0 || change.action === 'kept'
      ? change
      : { ...change, action: 'refused' as const, effects: [...change.effects, { what: 'started' as const, by }] }
  })
  return withBackfills(sql, namespace, decided)
}

/** With the backfills that end with schedules that go. */
const withBackfills = async (sql: Sql, namespace: string, going: Change[]): Promise<Change[]> => {
  const isGoing = ({ kind, action }: Change) => kind === 'schedule' && (action === 'deleted' || action === 'draining')
  const schedules = going.filter(isGoing).map(one => one.name)
  if (schedules.length === 0) return going
  const open = Map.groupBy(await openBackfills(sql, { namespace, schedules }), one => one.schedule)
  return going.map(change => {
    const ending = isGoing(change) ? (open.get(change.name) ?? []) : []
    const effects = ending.map(({ from_at, until_at }) => ({
      what: 'backfill' as const,
      from: formatMoment(from_at.getTime()),
      to: formatMoment(until_at.getTime()),
    }))
    return { ...change, effects: [...change.effects, ...effects] }
  })
}

const goes = (
  { kind, name, revision, draining }: AppliedRow,
  open: Pick<Change, 'runs' | 'inFlight'>,
  drain: boolean,
): Change => {
  const common = { kind, name, revision, ...open, fields: [], effects: [] }
  if (open.runs === 0) return { ...common, action: 'deleted' }
  if (draining) return { ...common, action: 'kept', effects: [{ what: 'drains' }] }
  return { ...common, action: drain ? 'draining' : 'refused' }
}

const follows = (
  { kind, name, workflow }: { kind: Kind; name: string; workflow: string },
  { revision, draining }: AppliedRow,
  going: Change[],
): Change => {
  const started = going.find(one => one.kind === 'workflow' && one.name === workflow)!
  const effects = [{ what: 'stopped' as const, because: keyOf(started) }]
  const action = started.action === 'deleted' ? 'deleted' : draining ? 'kept' : 'draining'
  return { kind, name, revision, runs: 0, inFlight: [], fields: [], effects, action }
}

/** @throws CONFLICT where something is refused: what holds it, and the way out */
export const checkGoing = (changes: Change[]): void => {
  const refused = changes.find(change => change.action === 'refused')
  if (!refused) return
  const started = refused.effects.find(effect => effect.what === 'started')
  if (started)
    throw new TqError(
      'CONFLICT',
      `${started.by[0]} starts ${keyOf(refused)}, which is about to be deleted; delete that too, let it start another workflow, or stop it with this one: --drain`,
    )
  const { runs } = refused
  throw new TqError(
    'CONFLICT',
    `${keyOf(refused)} has ${runs} ${runs === 1 ? 'run that has' : 'runs that have'} not ended; wait for ${runs === 1 ? 'it' : 'them'}, cancel ${runs === 1 ? 'it' : 'them'}, or have it deleted when the last has ended, with nothing started meanwhile: --drain`,
  )
}

/** Deletes, and marks as draining, what was decided to go. */
export const go = async (sql: Sql, namespace: string, changes: Change[]): Promise<void> => {
  const deleted = changes.filter(change => change.action === 'deleted')
  const draining = changes.filter(change => change.action === 'draining')
  if (deleted.length > 0) await removeManifests(sql, { namespace, names: deleted })
  if (draining.length > 0) await setDraining(sql, { namespace, names: draining, draining: true })
}

/** Lets manifests that were draining stay, and what starts them go on. */
export const resume = async (sql: Sql, namespace: string, names: { kind: Kind; name: string }[]): Promise<void> => {
  const workflows = names.filter(one => one.kind === 'workflow').map(one => one.name)
  const starters = workflows.length > 0 ? await readStarters(sql, { namespace, workflows }) : []
  await setDraining(sql, { namespace, names: [...names, ...starters], draining: false })
}

/** Whether workers and servers are to look at their triggers again. */
export const concernsTriggers = (changes: Change[]): boolean =>
  changes.some(({ kind, action }) => isTriggerKind(kind) && action !== 'unchanged' && action !== 'kept') ||
  changes.some(({ effects }) => effects.some(effect => effect.what === 'resumed'))
