import { isControl } from '../control.ts'
import type { Control } from '../index.ts'

/** The version of the messages: what is of another is not understood. */
const version = 1
/** A message of ours is far smaller: a hundred references are 5 kB. */
const maxBytes = 65_536
/** References in one record; more of a queue at once is said by a bump. */
export const maxJobs = 100

export type Reference = { run: string; n: number; attempt: number }

/** What a record says: jobs that are ready, or (neither jobs nor control) that some are; or a control message. */
export type Said = { jobs?: Reference[]; control?: Control }

/** Why a record was not understood. */
export type Refusal = 'empty' | 'unparsable' | 'oversized' | 'version' | 'namespace'

export const encode = (namespace: string, { jobs, control }: Said): string =>
  JSON.stringify({
    v: version,
    ns: namespace,
    ...(jobs ? { jobs: jobs.map(({ run, n, attempt }) => [run, n, attempt]) } : {}),
    ...(control ? { control } : {}),
  })

/** A record as it came: anybody who may write to the topic may have written anything. */
export const decode = (namespace: string, value: Buffer | null): Said | Refusal => {
  if (value === null) return 'empty'
  if (value.length > maxBytes) return 'oversized'
  let message: unknown
  try {
    message = JSON.parse(value.toString('utf8'))
  } catch {
    return 'unparsable'
  }
  if (!isRecord(message)) return 'unparsable'
  if (message.v !== version) return Number.isInteger(message.v) ? 'version' : 'unparsable'
  if (message.ns !== namespace) return 'namespace'
  if (message.control !== undefined) {
    return isControl(message.control) ? { control: message.control } : 'unparsable'
  }
  if (message.jobs === undefined) return {}
  if (!Array.isArray(message.jobs) || message.jobs.length > 10 * maxJobs || !message.jobs.every(isReference))
    return 'unparsable'
  return { jobs: message.jobs.map(([run, n, attempt]) => ({ run, n, attempt })) }
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const isReference = (job: unknown): job is [string, number, number] =>
  Array.isArray(job) && typeof job[0] === 'string' && uuid.test(job[0]) && isInt32(job[1]) && isInt32(job[2])
const isInt32 = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
