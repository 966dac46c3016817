import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KafkaOptions } from '../broker/index.ts'
import { TqError } from '../model/errors.ts'
import { parseDuration } from '../model/duration.ts'
import type { Range } from './children.ts'
import type { SecretSources } from './secret.ts'

export type Config = {
  /** Null: messages go through Postgres. */
  kafka: KafkaOptions | null
  databaseUrl: string | null
  schema: string
  namespace: string
  handlersDir: string
  /** Names; null: all queues of the namespace. */
  queues: string[] | null
  concurrency: number
  /** Child processes by need, between these. Null: always `concurrency`. */
  autoscale: Range | null
  /** How long autoscale leaves a child that is not needed, ms. */
  idleMs: number
  slots: number
  leaseMs: number
  graceMs: number
  drainMs: number
  /** How long events are kept. */
  keepEventsMs: number
  workerName: string
  /** Where hooks, health and metrics are served. */
  port: number
  host: string
  /** What others call the server, where that is not its own address; null: not known. */
  serverUrl: string | null
  maxBodyBytes: number
  secrets: SecretSources
}

/** What a running `tq dev` writes down, so that other terminals find it without configuration. */
export type DevFile = {
  pid: number
  databaseUrl: string
  schema: string
  serverUrl?: string
  kafkaBrokers?: string[]
}
export const devFile = (dir: string): string => join(dir, '.tq', 'dev.json')

/**
 * The configuration: flags, then the environment, then what a running `tq dev` of this folder wrote down, then defaults. The
 * one place that reads the environment.
 */
export const readConfig = async (
  dir: string,
  flags: Partial<Config> = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<Config> => {
  const dev = await runningDev(dir)
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) as Partial<Config>
  const fromDev = !env.TQ_DATABASE_URL && !env.DATABASE_URL ? dev : null
  return {
    kafka: await readKafka(env, fromDev?.kafkaBrokers),
    databaseUrl:
      databaseUrl(env.TQ_DATABASE_URL, 'TQ_DATABASE_URL') ??
      databaseUrl(env.DATABASE_URL, 'DATABASE_URL') ??
      fromDev?.databaseUrl ??
      null,
    schema: name(env.TQ_DATABASE_SCHEMA, 'TQ_DATABASE_SCHEMA') ?? fromDev?.schema ?? 'tq',
    namespace: env.TQ_NAMESPACE || 'default',
    handlersDir: env.TQ_HANDLERS || join(dir, 'tasks'),
    queues: env.TQ_QUEUES ? env.TQ_QUEUES.split(',').map(queue => queue.trim()) : null,
    concurrency: count(env.TQ_CONCURRENCY, 'TQ_CONCURRENCY') ?? given.autoscale?.min ?? 2,
    autoscale: null,
    idleMs: duration(env.TQ_IDLE_CHILD, 'TQ_IDLE_CHILD') ?? 30_000,
    slots: count(env.TQ_SLOTS, 'TQ_SLOTS') ?? 1,
    leaseMs: duration(env.TQ_LEASE, 'TQ_LEASE') ?? 10_000,
    graceMs: duration(env.TQ_KILL_GRACE, 'TQ_KILL_GRACE') ?? 2_000,
    drainMs: duration(env.TQ_SHUTDOWN_TIMEOUT, 'TQ_SHUTDOWN_TIMEOUT') ?? 30_000,
    keepEventsMs: duration(env.TQ_EVENTS_RETENTION, 'TQ_EVENTS_RETENTION') ?? 3 * 86_400_000,
    workerName: env.TQ_WORKER_NAME || `w${process.pid}`,
    port: port(env.TQ_PORT, 'TQ_PORT') ?? defaultPort,
    host: env.TQ_HOST || '127.0.0.1',
    serverUrl: env.TQ_SERVER_URL || fromDev?.serverUrl || null,
    maxBodyBytes: bytes(env.TQ_MAX_BODY_BYTES, 'TQ_MAX_BODY_BYTES') ?? 1_048_576,
    secrets: {
      env: Object.fromEntries(
        Object.entries(env).flatMap(([name, value]) => (name.startsWith('TQ_SECRET_') && value ? [[name, value]] : [])),
      ),
      dir: env.TQ_SECRETS_DIR || join(dir, '.tq', 'secrets'),
    },
    ...given,
  }
}

/** What it reads, and what else of tq the environment may have. */
export const variables = [
  ...[
    'DATABASE_URL',
    'DATABASE_SCHEMA',
    'NAMESPACE',
    'HANDLERS',
    'QUEUES',
    'CONCURRENCY',
    'IDLE_CHILD',
    'SLOTS',
    'LEASE',
  ],
  ...[
    'KILL_GRACE',
    'EVENTS_RETENTION',
    'SHUTDOWN_TIMEOUT',
    'WORKER_NAME',
    'PORT',
    'HOST',
    'SERVER_URL',
    'MAX_BODY_BYTES',
  ],
  ...[
    'SECRETS_DIR',
    'KAFKA_BROKERS',
    'KAFKA_TOPIC_PREFIX',
    'KAFKA_CLIENT_ID',
    'KAFKA_SASL_MECHANISM',
    'KAFKA_SASL_USERNAME',
  ],
  ...['KAFKA_SASL_PASSWORD', 'KAFKA_SASL_PASSWORD_FILE', 'KAFKA_SSL', 'KAFKA_SSL_CA_FILE', 'KAFKA_SSL_CERT_FILE'],
  ...['KAFKA_SSL_KEY_FILE', 'DEBUG'],
].map(name => `TQ_${name}`)

/** The port where a server is looked for. */
export const defaultPort = 7788

/** The `tq dev` that runs in this folder, if its process is alive. */
export const runningDev = async (dir: string): Promise<DevFile | null> => {
  const text = await readFile(devFile(dir), 'utf8').catch(() => null)
  if (!text) return null
  try {
    const dev = JSON.parse(text) as DevFile
    process.kill(dev.pid, 0)
    return dev
  } catch {
    return null
  }
}

const readKafka = async (env: NodeJS.ProcessEnv, dev: string[] | undefined): Promise<KafkaOptions | null> => {
  const given = env.TQ_KAFKA_BROKERS || undefined // set to nothing is as good as not set
  const brokers = given?.split(',').flatMap(text => text.trim() || []) ?? dev ?? []
  if (brokers.length === 0 && given === undefined) return null
  if (brokers.length === 0)
    throw new TqError(
      'INVALID_CONFIG',
      `TQ_KAFKA_BROKERS is "${given}", which names no broker; write host:port, or leave it out`,
    )
  const wrong = brokers.find(
    broker =>
      Number(broker.slice(broker.lastIndexOf(':') + 1)) > 65_535 ||
      !/^(\[[0-9a-fA-F:]+\]|[^\s:/@]+):\d{1,5}$/.test(broker),
  )
  if (wrong !== undefined)
    throw new TqError(
      'INVALID_CONFIG',
      `TQ_KAFKA_BROKERS has "${wrong}"; it must be host:port, more of them with commas between`,
    )
  const topicPrefix = env.TQ_KAFKA_TOPIC_PREFIX || 'tq'
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,60}$/.test(topicPrefix))
    throw new TqError(
      'INVALID_CONFIG',
      `TQ_KAFKA_TOPIC_PREFIX is "${topicPrefix}"; topics have letters, digits, dots, _ and -`,
    )
  return {
    brokers,
    clientId: env.TQ_KAFKA_CLIENT_ID || 'tq',
    topicPrefix,
    sasl: await readSasl(env),
    tls: await readTls(env),
  }
}

/** A Kafka without guards, as is started for local work. */
export const localKafka = (brokers: string): KafkaOptions => ({
  brokers: [brokers],
  clientId: 'tq',
  topicPrefix: 'tq',
  sasl: null,
  tls: null,
})

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

const readSasl = async (env: NodeJS.ProcessEnv): Promise<KafkaOptions['sasl']> => {
  const text = env.TQ_KAFKA_SASL_MECHANISM
  if (!text) {
    const spare = Object.keys(env).find(name => name.startsWith('TQ_KAFKA_SASL_') && env[name])
    if (spare)
      throw new TqError(
        'INVALID_CONFIG',
        `${spare} is set, but TQ_KAFKA_SASL_MECHANISM is not: ${mechanisms.join(', ')}`,
      )
    return null
  }
  const mechanism = mechanisms.find(one => one === text.toLowerCase())
  if (!mechanism)
    throw new TqError(
      'INVALID_CONFIG',
      `TQ_KAFKA_SASL_MECHANISM is "${text}"; it must be one of ${mechanisms.join(', ')}`,
    )
  const username = env.TQ_KAFKA_SASL_USERNAME
  const password = env.TQ_KAFKA_SASL_PASSWORD ?? (await readSecret(env, 'TQ_KAFKA_SASL_PASSWORD_FILE'))?.trimEnd()
  if (!username || password === undefined)
    throw new TqError(
      'INVALID_CONFIG',
      `TQ_KAFKA_SASL_MECHANISM needs TQ_KAFKA_SASL_USERNAME, and TQ_KAFKA_SASL_PASSWORD or TQ_KAFKA_SASL_PASSWORD_FILE`,
    )
  return { mechanism, username, password }
}

const readTls = async (env: NodeJS.ProcessEnv): Promise<KafkaOptions['tls']> => {
  const files = {
    ca: await readSecret(env, 'TQ_KAFKA_SSL_CA_FILE'),
    cert: await readSecret(env, 'TQ_KAFKA_SSL_CERT_FILE'),
    key: await readSecret(env, 'TQ_KAFKA_SSL_KEY_FILE'),
  }
  const given = Object.fromEntries(Object.entries(files).filter(([, text]) => text !== undefined))
  const asked = flag(env.TQ_KAFKA_SSL, 'TQ_KAFKA_SSL')
  if (asked === false && Object.keys(given).length > 0)
    throw new TqError(
      'INVALID_CONFIG',
      'TQ_KAFKA_SSL is off, but TQ_KAFKA_SSL_*_FILE names certificates; leave one of them out',
    )
  return asked || Object.keys(given).length > 0 ? given : null
}

/** What a file that a variable names contains. */
const readSecret = async (env: NodeJS.ProcessEnv, variable: string): Promise<string | undefined> => {
  const path = env[variable]
  if (!path) return undefined
  return readFile(path, 'utf8').catch(error => {
    throw new TqError('INVALID_CONFIG', `${variable} names ${path}, which cannot be read: ${error.message}`)
  })
}

const flag = (text: string | undefined, variable: string): boolean | undefined => {
  if (!text) return undefined
  if (!/^(true|false|1|0|on|off)$/i.test(text))
    throw new TqError('INVALID_CONFIG', `${variable} is "${text}"; it must be true or false`)
  return /^(true|1|on)$/i.test(text)
}

const name = (text: string | undefined, variable: string): string | undefined => {
  if (!text) return undefined
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(text))
    throw new TqError(
      'INVALID_CONFIG',
      `${variable} is "${text}"; a schema's name has lower-case letters, digits and _`,
    )
  return text
}

const count = (text: string | undefined, variable: string): number | undefined => {
  if (!text) return undefined
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1)
    throw new TqError('INVALID_CONFIG', `${variable} is "${text}"; it must be a number from 1 to 9999`)
  return Number(text)
}

/** A port; 0: any that is free. */
export const port = (text: string | undefined, variable: string): number | undefined => {
  if (!text) return undefined
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new TqError('INVALID_CONFIG', `${variable} is "${text}"; it must be a port, from 0 to 65535`)
  return Number(text)
}

const bytes = (text: string | undefined, variable: string): number | undefined => {
  if (!text) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new TqError('INVALID_CONFIG', `${variable} is "${text}"; it must be a number of bytes, like 1048576`)
  return Number(text)
}

const duration = (text: string | undefined, variable: string): number | undefined => {
  if (!text) return undefined
  const ms = parseDuration(text)
  if (ms === undefined)
    throw new TqError('INVALID_CONFIG', `${variable} is "${text}"; it must be a duration such as 500ms, 30s or 5m`)
  return ms
}

/** The value may have a password in it: it is not repeated. */
const databaseUrl = (text: string | undefined, variable: string): string | undefined => {
  if (!text) return undefined
  if (/^(postgres|postgresql):\/\/|^socket:|^\//.test(text)) return text
  throw new TqError(
    'INVALID_CONFIG',
    `${variable} is no address of a Postgres; write postgres://user:password@host:5432/database`,
  )
}
