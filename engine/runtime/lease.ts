import { readFileSync } from 'node:fs'
import { hostname, loadavg, release, type } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { openConnection } from '../store/sql.ts'
import { endSession, holdSession, openSession, renewSession } from '../store/session.ts'
import type { Context } from './context.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
const software = { software: 'tq', version, system: `${type()} ${release()}, node ${process.version}` }

export type Lease = {
  /** Null between a lost session and the next. */
  session(): number | null
  close(): Promise<void>
}

type Options = {
  worker: string
  leaseMs: number
  /** What lists show of it: asked anew for each session. */
  about(): { queues: string[]; concurrency: number; handlers: string[] }
  /** What is told of it with each renewal. */
  does(): { active: number; processed: number }
  /** The session may not settle any more: whatever it runs must stop now. */
  onLost(): void
  onOpen(session: number): void
  /** Called with each renewal. */
  onRenewed(): void
}

/**
 * Keeps a worker's session alive: renews its lease three times as often as needed and holds its advisory lock on a connection
 * of its own. Where the lease could not be renewed, `onLost` is called before it ends, by this process's monotonic clock; a
 * new session is opened when the database answers again.
 */
export const keepLease = async (context: Context, options: Options): Promise<Lease> => {
  const { leaseMs } = options
  const introduction = { heartbeatMs: leaseMs / 5, ...software }
  let session: number | null = null
  let connection: pg.Client | null = null
  let watch: NodeJS.Timeout | undefined
  let closing = false
  let renewing = false

  const open = async () => {
    const asked = performance.now()
    const client = await openConnection(context.database.url, { schema: context.database.schema })
    session = await openSession(client, {
      ...options,
      ...options.about(),
      namespace: context.namespace,
      host: hostname(),
      pid: process.pid,
      introduction,
    })
    keep(client, session)
    renewed(asked)
    options.onOpen(session)
  }

  const keep = (client: pg.Client, id: number) => {
    connection = client
    client.once('end', () => {
      if (connection !== client) return
      connection = null
      void holdAgain(id)
    })
  }

  /** A renewal that was asked for at that time counts from then. */
  const renewed = (asked: number) => {
    clearTimeout(watch)
    if (!closing) watch = setTimeout(expire, asked + leaseMs * 0.85 - performance.now())
  }

  const expire = () => {
    context.log('error', 'the lease could not be renewed: what runs here is stopped, others will take it up')
    lose()
  }

  const lose = () => {
    clearTimeout(watch)
    session = null
    const old = connection
    connection = null
    old?.end().catch(() => {})
    options.onLost()
  }

  /** A connection that broke is not death: the lock is taken again on another, before reapers have looked twice (semantics R9). */
  const holdAgain = async (id: number) => {
    for (let waitMs = 5; session === id && !closing; waitMs = Math.min(waitMs * 2, 250)) {
      const next = await openConnection(context.database.url, { schema: context.database.schema }).catch(() => null)
      const held = next !== null && (await holdSession(next, id).catch(() => false))
      if (held && session === id && !closing) return keep(next, id)
      await next?.end().catch(() => {})
      await sleep(waitMs)
    }
  }

  const tick = async () => {
    if (closing || renewing) return
    renewing = true
    try {
      if (session === null) return await open()
      const asked = performance.now()
      const loads = loadavg().map(load => Math.round(load * 100) / 100)
      const heartbeat = context.events() === null ? null : { ...options.does(), loadavg: loads, ...introduction }
      if (!(await renewSession(context.sql, { session, leaseMs, heartbeat }))) return lose()
      renewed(asked)
      options.onRenewed()
    } catch (error) {
      context.log('debug', `the lease was not renewed: ${(error as Error).message}`)
    } finally {
      renewing = false
    }
  }

  await open()
  const timer = setInterval(tick, leaseMs / 5)
  return {
    session: () => session,
    async close() {
      closing = true
      clearInterval(timer)
      clearTimeout(watch)
      if (session !== null) await endSession(context.sql, session).catch(() => {})
      await connection?.end().catch(() => {})
    },
  }
}
