import type { Control } from '../index.ts'
import { type KafkaClient, type Message, type Producer, UnknownTopic } from './client.ts'
import { encode, maxJobs, type Reference } from './message.ts'
import type { Topics } from './topics.ts'

/** After a flush the next one waits so long: what is rung in quick succession shares a record. */
const lingerMs = 5
/** Bumps of one topic, at most one in so long: who is bumped pulls until there is nothing left. */
const bumpMs = 50
/** After a failure nothing is sent for so long; hints are dropped meanwhile. */
const brokenMs = 2000
/** So long may a close wait for what is still to be sent. */
const closeMs = 1000

export type Sender = {
  /** Without `jobs` a bump: to as many partitions as `count` jobs would fill records, or to all, so that every listener hears it. */
  ring(topic: string, hint: { jobs?: Reference[] | undefined; count?: number | undefined }): void
  control(topic: string, message: Control): void
  /** Null while it can send. */
  broken(): string | null
  dropped(): number
  close(): Promise<void>
}

/** `bump`: jobs that are not named; Infinity where nobody knows how many. */
type Pending = { jobs: Reference[]; bump: number; controls: Control[]; bumpedAt: number }

/** Sends hints in batches, one request at a time per topic, and drops them while the cluster does not take them. */
export const openSender = (client: KafkaClient, topics: Topics, namespace: string): Sender => {
  const pending = new Map<string, Pending>()
  let producer: Promise<Producer> | null = null
  let busy: Promise<void> | null = null
  let timer: NodeJS.Timeout | null = null
  let brokenUntil = 0
  let reason: string | null = null
  let dropped = 0
  let closed = false
  let turn = Math.floor(Math.random() * 1000)

  const slot = (topic: string): Pending => {
    const found = pending.get(topic) ?? { jobs: [], bump: 0, controls: [], bumpedAt: -Infinity }
    pending.set(topic, found)
    return found
  }
  const poke = () => {
    if (timer || busy || closed) return
    busy = flush().finally(() => {
      busy = null
      if ([...pending.values()].some(isDue)) timer = setTimeout(next, lingerMs)
    })
  }
  const next = () => {
    timer = null
    poke()
  }
  const flush = async () => {
    await Promise.resolve() // what is rung in the same turn belongs together
    for (const [topic, waiting] of pending) {
      if (!isDue(waiting)) continue
      const { jobs, controls } = waiting
      const many = jobs.length > maxJobs
      const bump = waiting.bump + (many ? jobs.length : 0)
      const early = bump > 0 && performance.now() < waiting.bumpedAt + bumpMs
      waiting.jobs = []
      waiting.controls = []
      waiting.bump = early ? bump : 0
      if (bump > 0 && !early) waiting.bumpedAt = performance.now()
      await send(topic, { jobs: many ? [] : jobs, controls, bump: early ? 0 : bump })
    }
  }
  const send = async (topic: string, said: Pick<Pending, 'jobs' | 'controls' | 'bump'>) => {
    if (performance.now() < brokenUntil) return void dropped++
    const partitions = await topics.partitions(topic)
    if (partitions === undefined) return void dropped++
    const values: Message[] = [
      ...Array.from({ length: Math.min(partitions, Math.ceil(said.bump / maxJobs)) }, () => ({
        partition: turn++ % partitions,
        value: encode(namespace, {}),
      })),
      ...(said.jobs.length > 0
        ? [{ partition: turn++ % partitions, value: encode(namespace, { jobs: said.jobs }) }]
        : []),
      ...said.controls.map(control => ({ partition: turn++ % partitions, value: encode(namespace, { control }) })),
    ]
    if (values.length === 0) return
    const current = (producer ??= client.producer())
    try {
      await (await current).send(topic, values, { all: said.controls.length > 0 })
      reason = null
    } catch (error) {
      dropped += values.length
      // One missing topic spoils the metadata of all others in this client: begin anew.
      producer = null
      void current.then(old => old.close()).catch(() => {})
      if (error instanceof UnknownTopic) return topics.forget(topic)
      brokenUntil = performance.now() + brokenMs
      reason = (error as Error).message
    }
  }
  return {
    ring(topic, { jobs, count }) {
      if (closed) return
      const waiting = slot(topic)
      if (!jobs) waiting.bump += count ?? Infinity
      else if (waiting.jobs.length + jobs.length <= 2 * maxJobs) waiting.jobs.push(...jobs)
      else waiting.bump += jobs.length
      poke()
    },
    control(topic, message) {
      if (closed) return
      slot(topic).controls.push(message)
      poke()
    },
    broken: () => reason,
    dropped: () => dropped,
    async close() {
      const late = new Promise<void>(resolve => setTimeout(resolve, closeMs).unref())
      if (timer) clearTimeout(timer)
      timer = null
      poke()
      await Promise.race([busy, late])
      closed = true
      if (timer) clearTimeout(timer)
      await Promise.race([producer?.then(open => open.close()).catch(() => {}), late])
    },
  }
}

const isDue = ({ jobs, bump, controls }: Pending): boolean => jobs.length > 0 || bump > 0 || controls.length > 0
