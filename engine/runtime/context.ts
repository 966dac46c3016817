import type { Broker, BrokerOptions } from '../broker/index.ts'
import type { Plan } from '../model/plan.ts'
import { TqError } from '../model/errors.ts'
import { eventsOn } from '../store/event.ts'
import { ensureQueues, type QueueRow, readPlan, readQueues } from '../store/manifest.ts'
import type { Database, Sql } from '../store/sql.ts'
import { type LoadedPlan, loadPlan } from './plans.ts'
import { openValues, type Values } from './values.ts'

/** From the least to the most urgent. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
export type Log = (level: LogLevel, message: string, fields?: Record<string, unknown>) => void

/** What every service and operation of the runtime works with. */
export type Context = {
  database: Database
  sql: Sql
  broker: Broker
  namespace: string
  log: Log
  values: Values
  /** Plans never change: read once. */
  plan(id: number): Promise<LoadedPlan>
  /** The namespace whose events are told, as last looked at; null while they are off. */
  events(): string | null
  lookAtEvents(): Promise<void>
  /** The namespace's queues; `fresh` reads them again. */
  queues(fresh?: boolean): Promise<QueueRow[]>
}

export const openContext = ({
  database,
  broker,
  namespace,
  log,
}: Pick<Context, 'database' | 'broker' | 'namespace' | 'log'>): Context => {
  const { sql } = database
  const plans = new Map<number, Promise<LoadedPlan>>()
  let known: Promise<QueueRow[]> | null = null
  const queues = (fresh = false) => {
    if (fresh || !known) known = readQueues(sql, { namespace })
    known.catch(() => (known = null))
    return known
  }
  let told = true
  return {
    events: () => (told ? namespace : null),
    async lookAtEvents() {
      told = await eventsOn(sql, namespace)
    },
    database,
    sql,
    broker,
    namespace,
    log,
    values: openValues(sql),
    queues,
    plan(id) {
      const loading = plans.get(id) ?? load(sql, namespace, id, queues)
      loading.catch(() => plans.delete(id))
      plans.set(id, loading)
      if (plans.size > 200) plans.delete(plans.keys().next().value!)
      return loading
    },
  }
}

/** Finds a queue by its id, for a broker that is there before its context. */
export const queueOf =
  (context: () => Context): BrokerOptions['queue'] =>
  async id => {
    const find = (rows: QueueRow[]) => rows.find(row => row.id === id)
    const found = find(await context().queues()) ?? find(await context().queues(true))
    return found && { name: found.name, topic: found.topic ?? {} }
  }

const load = async (
  sql: Sql,
  namespace: string,
  id: number,
  queues: (fresh?: boolean) => Promise<QueueRow[]>,
): Promise<LoadedPlan> => {
  const document = (await readPlan(sql, id)) as Plan | null
  if (!document)
    throw new TqError('NOT_FOUND', `plan ${id} is not in the database; it was deleted while a run still names it`)
  const names = [...new Set(document.nodes.flatMap(node => (node.task ? [node.task.queue] : [])))]
  let rows = await queues()
  if (names.some(name => !rows.some(row => row.name === name))) {
    await ensureQueues(sql, { namespace, names })
    rows = await queues(true)
  }
  return loadPlan(id, document, new Map(rows.map(row => [row.name, row.id])))
}
