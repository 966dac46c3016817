import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { KafkaOptions } from '../../engine/runtime/embedded-kafka.ts'
import { findBinaries } from '../../engine/runtime/embedded-kafka/binaries.ts'
import type { KafkaAccess } from './own-kafka.ts'

/** How clients must come: over TLS, with a password (sent as it is, or proved by SCRAM), or both. */
export type Security = 'plain' | 'scram' | 'tls' | 'tls-plain' | 'tls-scram'

type Secured = Pick<KafkaOptions, 'protocol' | 'properties'> & { access: Omit<KafkaAccess, 'brokers'> }

/** Makes keys and accounts in a folder where a broker is about to start, and says how broker and clients use them. */
export const secure = async (dir: string, security?: Security): Promise<Secured> => {
  if (security === undefined) return { access: {} }
  const tls = security.startsWith('tls')
  const sasl = security.endsWith('plain') || security.endsWith('scram')
  const keys = tls ? await makeKeys(dir) : none
  const account = security.endsWith('plain') ? plain : security.endsWith('scram') ? await makeScram(dir) : none
  return {
    protocol: tls ? (sasl ? 'SASL_SSL' : 'SSL') : 'SASL_PLAINTEXT',
    properties: { ...keys.properties, ...account.properties },
    access: { ...keys.access, ...account.access },
  }
}

const run = promisify(execFile)
const none = { properties: {}, access: {} }
const username = 'tq'
const password = 'correct-horse'
const listener = 'listener.name.client'

/** A certificate for 127.0.0.1 that its clients are to trust itself. */
const makeKeys = async (dir: string) => {
  const { keytool } = await findBinaries()
  const store = join(dir, 'broker.p12')
  const ca = join(dir, 'ca.pem')
  const common = ['-keystore', store, '-storepass', password, '-alias', 'broker']
  await run(keytool, [
    ...['-genkeypair', ...common, '-storetype', 'PKCS12', '-keyalg', 'EC', '-validity', '3650'],
    ...['-dname', 'CN=127.0.0.1', '-ext', 'san=ip:127.0.0.1,dns:localhost', '-ext', 'bc=ca:true'],
  ])
  await run(keytool, ['-exportcert', '-rfc', ...common, '-file', ca])
  return {
    properties: {
      [`${listener}.ssl.keystore.type`]: 'PKCS12',
      [`${listener}.ssl.keystore.location`]: store,
      [`${listener}.ssl.keystore.password`]: password,
    },
    access: { ca },
  }
}

const plain = {
  properties: {
    [`${listener}.sasl.enabled.mechanisms`]: 'PLAIN',
    [`${listener}.plain.sasl.jaas.config`]: `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`,
  },
  access: { sasl: { mechanism: 'plain' as const, username, password } },
}

/** SCRAM accounts are in Kafka's own data: they are written when that is made. */
const makeScram = async (dir: string) => {
  const { java, classPath } = await findBinaries()
  const properties = join(dir, 'format.properties')
  writeFileSync(
    properties,
    `process.roles=controller
node.id=1
controller.quorum.voters=1@127.0.0.1:1
controller.listener.names=CONTROLLER
listeners=CONTROLLER://127.0.0.1:1
log.dirs=${join(dir, 'data')}
`,
  )
  await run(java, [
    ...['-XX:TieredStopAtLevel=1', '-cp', classPath, 'kafka.tools.StorageTool', 'format', '-c', properties],
    ...['-t', Buffer.alloc(16, 'tq').toString('base64url')],
    ...['--add-scram', `SCRAM-SHA-256=[name=${username},password=${password}]`],
  ])
  return {
    properties: {
      [`${listener}.sasl.enabled.mechanisms`]: 'SCRAM-SHA-256',
      [`${listener}.scram-sha-256.sasl.jaas.config`]:
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    },
    access: { sasl: { mechanism: 'scram-sha-256' as const, username, password } },
  }
}
