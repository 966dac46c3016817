import pg from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseControl } from './control.ts'
import type { Broker, BrokerOptions, Control, Health, Hint } from './index.ts'

/** The channel of an installation: one a schema, since queue ids are unique in it. */
export const channelOf = (schema: string): string => `tq_${schema}`

const debounceMs = 5
const controlPrefix = 'c:'

/**
 * The broker without a broker: NOTIFY wakes who listens, then they pull. One notification at most per process and
 * `debounceMs`, outside of settling transactions (a NOTIFY per commit costs 70 % of the commits: it holds a lock through the
 * fsync), on a connection of its own with `synchronous_commit` off. Payload: queue ids, joined by commas; a control message
 * as `c:` and JSON, which must stay below 8,000 bytes, else it is dropped: its receivers also look by themselves.
 */
export const openPostgres = async ({
  databaseUrl,
  schema,
}: Pick<BrokerOptions, 'databaseUrl' | 'schema'>): Promise<Broker> => {
  const channel = channelOf(schema)
  const health: Health = { state: 'up', dropped: 0, refused: {} }
  const hearers = new Set<{ queues: Set<number>; on: (hints: Hint[]) => void }>()
  const controls = new Set<(message: Control) => void>()
  const abort = new AbortController()
  const connection = keepConnected({
    databaseUrl,
    channel,
    health,
    signal: abort.signal,
    onMessage,
    onReconnect: () => onMessage(''),
  })
  await connection.ready

  function onMessage(payload: string) {
    if (payload.startsWith(controlPrefix)) {
      const message = parseControl(payload.slice(controlPrefix.length))
      if (message) for (const on of controls) on(message)
      return
    }
    // Nothing said: after a reconnect anything may have been missed.
    const ids = payload === '' ? null : payload.split(',').map(Number)
    for (const { queues, on } of hearers) {
      const known = ids ? ids.filter(id => queues.has(id)) : [...queues]
      if (known.length > 0) on(known.map(queue => ({ queue })))
    }
  }

  const due = new Set<number>()
  let timer: NodeJS.Timeout | null = null
  const flush = () => {
    timer = null
    if (due.size === 0) return
    const payload = [...due].join(',')
    due.clear()
    timer = setTimeout(flush, debounceMs)
    connection.notify(payload)
  }

  return {
    channel,
    ring(hints) {
      for (const hint of hints) due.add(hint.queue)
      if (!timer) flush()
    },
    async listen(queues, on) {
      const hearer = { queues: new Set(queues), on }
      hearers.add(hearer)
      return { stop: async () => void hearers.delete(hearer) }
    },
    broadcast(message) {
      connection.notify(controlPrefix + JSON.stringify(message))
    },
    async onControl(on) {
      controls.add(on)
      return { stop: async () => void controls.delete(on) }
    },
    publish: null,
    health: () => ({ ...health }),
    ensureTopics: async () => [],
    async close() {
      if (timer) clearTimeout(timer)
      if (due.size > 0) await connection.notify([...due].join(','))
      abort.abort()
      await connection.closed
    },
  }
}

type Kept = {
  databaseUrl: string
  channel: string
  health: Health
  signal: AbortSignal
  onMessage: (payload: string) => void
  onReconnect: () => void
}

/** One connection that listens and notifies, opened again whenever it is lost. */
const keepConnected = ({ databaseUrl, channel, health, signal, onMessage, onReconnect }: Kept) => {
  let client: pg.Client | null = null
  const connect = async () => {
    const next = new pg.Client({ connectionString: databaseUrl, keepAlive: true, options: '-c synchronous_commit=off' })
    const lost = new Promise<void>(resolve => next.once('end', () => resolve()))
    next.on('error', () => {}) // 'end' follows
    next.on('notification', message => onMessage(message.payload ?? ''))
    await next.connect()
    await next.query(`listen "${channel}"`)
    client = next
    health.state = 'up'
    return { lost } // in an object: an async function would wait for a bare promise
  }
  const first = connect()
  const loop = async () => {
    let { lost } = await first
    while (!signal.aborted) {
      await Promise.race([lost, aborted(signal)])
      if (signal.aborted) break
      client = null
      health.state = 'degraded'
      health.reason = 'the connection that listens was lost'
      for (let waitMs = 50; !signal.aborted; waitMs = Math.min(waitMs * 2, 2000)) {
        await sleep(waitMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
        const again = await connect().catch(() => null)
        if (!again) continue
        lost = again.lost
        onReconnect()
        break
      }
    }
    await client?.end().catch(() => {})
  }
  // One after the other: pg queues them by itself no longer.
  let notified = Promise.resolve()
  const notify = async (payload: string): Promise<void> => {
    if (!client) health.dropped++
    else await client.query('select pg_notify($1, $2)', [channel, payload]).catch(() => void health.dropped++)
  }
  const closed = first.then(loop)
  closed.catch(() => {})
  return {
    ready: first.then(() => {}),
    closed,
    notify(payload: string): Promise<void> {
      if (!client || Buffer.byteLength(payload) > 7900) {
        health.dropped++
        return notified
      }
      notified = notified.then(() => notify(payload))
      return notified
    },
  }
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>(resolve =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  )
