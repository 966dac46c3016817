import type { Difference } from '../../compile/index.ts'
import type { Kind } from '../../model/kind.ts'

/**
 * What happens to a manifest: `refused` is what would be deleted and has open runs, `draining` is deleted when the last of them has
 * ended, `kept` was applied from the same place and is not there any more.
 */
export type ChangeAction = 'created' | 'updated' | 'unchanged' | 'deleted' | 'draining' | 'refused' | 'kept'

export type InFlight = { revision: number; runs: number }

export type Change = {
  action: ChangeAction
  kind: Kind
  name: string
  /** The one that is current afterwards; of what goes away, the last. */
  revision: number
  /** That have not ended. */
  runs: number
  /** Them by the revision that they started with, and stay on; the newest first. */
  inFlight: InFlight[]
  /** What its document has otherwise than before, field by field; values are put in. */
  fields: Difference[]
  effects: Effect[]
}

/** What follows from a change beyond the manifest itself. */
export type Effect =
  /** Its text is the same: it is compiled anew because of these. */
  | { what: 'recompiled'; because: string[] }
  /** These use it: `workflow/checkout`. */
  | { what: 'used'; by: string[] }
  /** These start it. */
  | { what: 'started'; by: string[] }
  /** It, or `schedule` that starts it, fires next at these times. */
  | { what: 'fires'; schedule?: string; at: string[]; zone: string; paused: boolean }
  /** Requests to the one path find it no longer; they are to go to the other. */
  | { what: 'address'; from: string; to: string }
  /** What its deliveries are signed with. */
  | { what: 'secrets'; from: string[]; to: string[] }
  /** It was draining, and no longer is. */
  | { what: 'resumed' }
  /** It is draining already. */
  | { what: 'drains' }
  /** It no longer starts anything, because what it starts goes away. */
  | { what: 'stopped'; because: string }
  /** A backfill of it that is under way starts nothing more. */
  | { what: 'backfill'; from: string; to: string }

/** What no live worker has said that it has: jobs of these wait for one. `handlers` null: there is no live worker at all. */
export type Unannounced = { handlers: { handler: string; by: string[] }[] | null }

export const keyOf = ({ kind, name }: { kind: Kind; name: string }): string => `${kind}/${name}`

/** Whether applying it would do something. */
export const isChange = ({ action }: Change): boolean => action !== 'unchanged' && action !== 'kept'

/** How many runs of a manifest there are, in all and by revision. */
export const inFlightOf = (runs: Map<string, InFlight[]>, key: string): Pick<Change, 'runs' | 'inFlight'> => {
  const inFlight = runs.get(key) ?? []
  return { runs: inFlight.reduce((sum, one) => sum + one.runs, 0), inFlight }
}
