import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TqError } from '../model/errors.ts'
import { parseDuration } from '../model/duration.ts'
import type { Range } from './children.ts'

export type Config = {
  databaseUrl: string | null
  schema: string
  namespace: string
  handlersDir: string
  /** Names; null: all queues of the namespace. */
  queues: string[] | null
  concurrency: number
  /** Child processes by need, between these. Null: always `concurrency`. */
  autoscale: Range | null
  slots: number
  leaseMs: number
  graceMs: number
  drainMs: number
  workerName: string
}

/** What a running `tq dev` writes down, so that other terminals find it without configuration. */
export type DevFile = { pid: number; databaseUrl: string; schema: string }
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
    databaseUrl: env.TQ_DATABASE_URL || env.DATABASE_URL || fromDev?.databaseUrl || null,
    schema: name(env.TQ_DATABASE_SCHEMA, 'TQ_DATABASE_SCHEMA') ?? fromDev?.schema ?? 'tq',
    namespace: env.TQ_NAMESPACE || 'default',
    handlersDir: env.TQ_HANDLERS || join(dir, 'tasks'),
    queues: env.TQ_QUEUES ? env.TQ_QUEUES.split(',').map(queue => queue.trim()) : null,
    concurrency: count(env.TQ_CONCURRENCY, 'TQ_CONCURRENCY') ?? given.autoscale?.min ?? 2,
    autoscale: null,
    slots: count(env.TQ_SLOTS, 'TQ_SLOTS') ?? 1,
    leaseMs: duration(env.TQ_LEASE, 'TQ_LEASE') ?? 10_000,
    graceMs: duration(env.TQ_KILL_GRACE, 'TQ_KILL_GRACE') ?? 2_000,
    drainMs: duration(env.TQ_SHUTDOWN_TIMEOUT, 'TQ_SHUTDOWN_TIMEOUT') ?? 30_000,
    workerName: env.TQ_WORKER_NAME || `w${process.pid}`,
    ...given,
  }
}

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

const duration = (text: string | undefined, variable: string): number | undefined => {
  if (!text) return undefined
  const ms = parseDuration(text)
  if (ms === undefined)
    throw new TqError('INVALID_CONFIG', `${variable} is "${text}"; it must be a duration such as 500ms, 30s or 5m`)
  return ms
}
