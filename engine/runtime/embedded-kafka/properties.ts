import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Protocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

type Settings = {
  port: number
  controllerPort: number
  advertisedPort?: number
  protocol?: Protocol
  properties?: Record<string, string>
}

/** Writes server.properties and, where there is no data, what makes a folder a node's. */
export const writeProperties = (dataDir: string, settings: Settings): void => {
  const logDir = join(dataDir, 'data')
  const all = { ...small, ...listeners(settings), 'log.dirs': logDir, ...settings.properties }
  writeFileSync(join(dataDir, 'server.properties'), asLines(all))
  if (existsSync(logDir)) return
  mkdirSync(logDir)
  writeFileSync(join(logDir, 'meta.properties'), asLines(identity()))
}

/** Clients have a listener of their own, so that what secures it does not concern the node itself. */
const listeners = ({ port, controllerPort, advertisedPort = port, protocol = 'PLAINTEXT' }: Settings) => ({
  listeners: `CLIENT://127.0.0.1:${port},INTERNAL://127.0.0.1:0,CONTROLLER://127.0.0.1:${controllerPort}`,
  'advertised.listeners': `CLIENT://127.0.0.1:${advertisedPort},INTERNAL://127.0.0.1:0`,
  'listener.security.protocol.map': `CLIENT:${protocol},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT`,
  'inter.broker.listener.name': 'INTERNAL',
  'controller.listener.names': 'CONTROLLER',
  'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
})

/** What `kafka-storage format` would write, which takes a JVM longer than the broker's start. */
const identity = () => ({ version: '1', 'cluster.id': uuid(), 'node.id': '1', 'directory.id': uuid() })

const uuid = (): string => randomBytes(16).toString('base64url')

/** One node that starts, rebalances and restarts soon, and takes little memory. */
const small = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'auto.create.topics.enable': 'false',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '2',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  // Each first member of a group would wait 3 s for others.
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'num.network.threads': '1',
  'num.io.threads': '2',
  'background.threads': '2',
  // 128 MB of heap otherwise.
  'log.cleaner.dedupe.buffer.size': '4194304',
  'log.segment.bytes': '16777216',
  'log.index.size.max.bytes': '1048576',
  // A node that was killed waits, when it starts again, for the end of its own session: 12 s with the default of 9.
  'broker.session.timeout.ms': '1500',
  'broker.heartbeat.interval.ms': '500',
}

const asLines = (properties: Record<string, string>): string =>
  Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
