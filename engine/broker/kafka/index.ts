import { hostname } from 'node:os'
import type { Broker, BrokerOptions, Control, Hint } from '../index.ts'
import { atMost } from './at-most.ts'
import type { KafkaClient, KafkaOptions } from './client.ts'
import { openKafkajs } from './kafkajs.ts'
import { type Listener, notYet, openListener } from './listener.ts'
import { decode, type Refusal, type Said } from './message.ts'
import { openPublisher } from './publisher.ts'
import { openSender } from './sender.ts'
import {
  controlSettings,
  controlTopic,
  ensureTopics,
  eventsSettings,
  eventsTopic,
  openTopics,
  queueTopic,
} from './topics.ts'

/** So long may the cluster take to hear that this process leaves. */
const leaveMs = 1000

/** The id of the engine's own queue: every worker serves it, so what is said of it goes where all hear it. */
const ownQueue = 0

/**
 * The broker over Kafka. Nothing waits for the cluster: it is connected to when there is something to say or to hear, and
 * while it does not answer, hints are dropped and `health` says so; who polls, polls faster then.
 *
 * One consumer group per queue, because members of one group with different subscriptions lose messages; one of its own per
 * process for what concerns all.
 */
export const openKafka = async (options: BrokerOptions & { kafka: KafkaOptions }): Promise<Broker> => {
  const { namespace, queue: queueOf, kafka, log = () => {} } = options
  const area = `${kafka.topicPrefix}.${namespace}`
  const connection = openKafkajs(kafka)
  const topics = openTopics(connection, log)
  const sender = openSender(connection, topics, namespace)
  const publisher = openPublisher(connection, topics, eventsTopic(area), () =>
    topics.ready(eventsTopic(area), eventsSettings, AbortSignal.timeout(5000)),
  )
  const hearers = new Set<{ queues: Set<number>; on: (hints: Hint[]) => void }>()
  const controls = new Set<(message: Control) => void>()
  const listeners = new Map<number, Promise<Listener> | Listener>()
  const refused: Partial<Record<Refusal, number>> = {}
  const ownGroup = `${area}.control.${hostname()}-${process.pid}-${Math.random().toString(36).slice(2, 10)}`

  const understood = (values: (Buffer | null)[]): Said[] =>
    values.flatMap(value => {
      const said = decode(namespace, value)
      if (typeof said !== 'string') return [said]
      refused[said] = (refused[said] ?? 0) + 1
      return []
    })
  const tell = (hints: Hint[]) => {
    for (const { queues, on } of hearers) {
      const known = hints.filter(hint => queues.has(hint.queue))
      if (known.length > 0) on(known)
    }
  }
  const onQueueRecords = (queue: number, values: (Buffer | null)[]) => {
    const said = understood(values)
    const jobs = said.flatMap(one => one.jobs ?? [])
    const hints: Hint[] = [
      ...(jobs.length > 0 ? [{ queue, jobs }] : []),
      ...(said.some(one => !one.jobs) ? [{ queue }] : []),
    ]
    if (hints.length > 0) tell(hints)
  }
  const onControlRecords = (values: (Buffer | null)[]) => {
    const said = understood(values)
    if (said.some(one => !one.control)) tell([{ queue: ownQueue }])
    for (const { control } of said) if (control) for (const on of controls) on(control)
  }
  let saidDown = false
  /** Once, not with each try and for each topic. */
  const sayDown = (reason: string) => {
    if (!saidDown) log(`Kafka carries no hints (${reason}); queues run by polling until it does`)
    saidDown = true
  }
  const sayUp = () => {
    if (!saidDown || deafness().length > 0) return
    saidDown = false
    log('Kafka carries hints again')
  }
  /** Why listeners hear nothing: of those that do not. */
  const deafness = (): string[] =>
    [...listeners.values()].flatMap(one => (one instanceof Promise ? [notYet] : (one.deaf() ?? [])))
  const openControl = () =>
    openListener(connection, topics, {
      topic: controlTopic(area),
      settings: controlSettings,
      group: ownGroup,
      onRecords: onControlRecords,
      onHearing() {
        tell([{ queue: ownQueue }])
        for (const on of controls) on({ type: 'queues' })
        sayUp()
      },
      onDeaf: sayDown,
    })
  const openQueue = async (id: number) => {
    const queue = await queueOf(id)
    const topic = queueTopic(area, queue?.name ?? String(id))
    return openListener(connection, topics, {
      topic,
      settings: queue?.topic ?? {},
      group: topic,
      onRecords: values => onQueueRecords(id, values),
      onHearing() {
        tell([{ queue: id }])
        sayUp()
      },
      onDeaf: sayDown,
    })
  }
  const hear = (id: number) => {
    if (listeners.has(id)) return
    const opening = id === ownQueue ? openControl() : openQueue(id)
    listeners.set(id, opening)
    if (opening instanceof Promise)
      opening.then(
        listener => listeners.get(id) === opening && listeners.set(id, listener),
        error => {
          log(`queue ${id} is not listened to: ${error.message}`)
          listeners.delete(id)
        },
      )
  }
  /** Listeners that nobody needs any more end. */
  const settle = async () => {
    const wanted = new Set([...hearers].flatMap(({ queues }) => [...queues]))
    if (controls.size > 0) wanted.add(ownQueue)
    const spare = [...listeners.keys()].filter(id => !wanted.has(id))
    const stopping = spare.map(async id => {
      const listener = await listeners.get(id)
      listeners.delete(id)
      await listener?.stop()
    })
    await Promise.all(stopping)
  }

  return {
    channel: null,
    ring(hints) {
      for (const { queue, jobs, count } of hints)
        if (queue === ownQueue) sender.ring(controlTopic(area), {})
        else
          queueOf(queue).then(
            found => found && sender.ring(queueTopic(area, found.name), { jobs, count }),
            () => {},
          )
    },
    async listen(queues, on) {
      const hearer = { queues: new Set(queues), on }
      hearers.add(hearer)
      for (const id of queues) hear(id)
      return {
        async stop() {
          hearers.delete(hearer)
          await settle()
        },
      }
    },
    broadcast: message => sender.control(controlTopic(area), message),
    async onControl(on) {
      controls.add(on)
      hear(ownQueue)
      return {
        async stop() {
          controls.delete(on)
          await settle()
        },
      }
    },
    publish: publisher.publish,
    health() {
      const sending = sender.broken()
      const deaf = deafness()
      const reason = sending ?? deaf[0]
      return {
        state:
          sending !== null || (deaf.length > 0 && deaf.length === listeners.size) ? 'down' : reason ? 'degraded' : 'up',
        ...(reason ? { reason } : {}),
        dropped: sender.dropped(),
        refused: { ...refused },
      }
    },
    ensureTopics: (queues, options) => ensureTopics(connection, area, queues, options),
    async close() {
      hearers.clear()
      controls.clear()
      const heard = listeners.has(ownQueue)
      await Promise.all([settle(), sender.close(), atMost(leaveMs, publisher.close())])
      const leaving = heard ? forgetGroup(connection, ownGroup) : Promise.resolve()
      await atMost(leaveMs, Promise.all([leaving, topics.close()]))
      connection.destroy()
    },
  }
}

/** Otherwise the cluster keeps it for a week. */
const forgetGroup = async (client: KafkaClient, group: string): Promise<void> => {
  const admin = await client.admin().catch(() => null)
  await admin?.deleteGroup(group).catch(() => {})
  await admin?.close().catch(() => {})
}
