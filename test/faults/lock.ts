import { until } from '../support/engine.ts'
import type { World } from './world.ts'

/** Holds up all who write to (or with `exclusive` read) a table, so that a process can be met between two statements. */
export const lockTable = async ({ engine: { sql } }: World, table: 'plan' | 'outcome') => {
  const held = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  const done = sql.begin(async inside => {
    if (table === 'plan') await inside`lock table plan in access exclusive mode`
    else await inside`lock table outcome in share mode`
    held.resolve()
    await over.promise
  })
  done.catch(held.reject)
  await held.promise
  const waiting = () =>
    sql<{ pid: number }>`select pid from pg_locks where not granted and relation = ${table}::regclass`
  return {
    /** Resolves when a statement is held up. */
    hit: () => until(async () => (await waiting()).length > 0),
    /** What is held up never happens: its connections are ended. */
    drop: async () => {
      for (const { pid } of await waiting()) await sql`select pg_terminate_backend(${pid})`
    },
    async release() {
      over.resolve()
      await done
    },
  }
}
