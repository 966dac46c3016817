import type { TriggerKind } from '../model/kind.ts'
import type { Trigger } from '../model/trigger.ts'
import { column, type Sql } from './sql.ts'

export type TriggerRow = { kind: TriggerKind; name: string; revision: number; plan: number; trigger: Trigger }

/** The triggers that are applied in a namespace and do not drain, as compiled; of one kind, or of all. */
export const readTriggers = (
  sql: Sql,
  { namespace, kind = null }: { namespace: string; kind?: TriggerKind | null },
): Promise<TriggerRow[]> => sql<TriggerRow>`
  select m.kind, m.name, m.revision, r.plan, p.document as trigger
  from manifest m
  join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision
  join plan p on p.id = r.plan
  where m.namespace = ${namespace} and m.kind not in ('task', 'queue', 'workflow') and not m.draining and (${kind}::text is null or m.kind = ${kind})
  order by m.kind, m.name`

/** What triggers start, as it is now: workflows of these names that do not drain, with the plans of their current revisions. */
export const readTargets = (
  sql: Sql,
  { namespace, names }: { namespace: string; names: string[] },
): Promise<{ name: string; revision: number; plan: number }[]> => sql<{ name: string; revision: number; plan: number }>`
  select m.name, m.revision, r.plan
  from manifest m
  join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision
  where m.namespace = ${namespace} and m.kind = 'workflow' and not m.draining and m.name = any(${column(names)}::text[]) and r.plan is not null`
