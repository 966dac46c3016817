import type { Control } from './index.ts'

/**
 * A control message as it came over the wire, or null: messages come from whoever may write there, and one that is not
 * understood (another version's, or nonsense) is no message.
 */
export const parseControl = (text: string): Control | null => {
  try {
    const message: unknown = JSON.parse(text)
    return isControl(message) ? message : null
  } catch {
    return null
  }
}

/** Those that say no more than their type. */
const plain = new Set<unknown>(['queues', 'triggers', 'timers', 'commands'])

export const isControl = (message: unknown): message is Control => {
  if (!isRecord(message)) return false
  if (plain.has(message.type)) return true
  return (
    message.type === 'cancel' &&
    typeof message.run === 'string' &&
    (message.graceMs === undefined || typeof message.graceMs === 'number') &&
    Array.isArray(message.jobs) &&
    message.jobs.every(isHeld)
  )
}

const isHeld = (job: unknown): boolean => isRecord(job) && Number.isInteger(job.n) && Number.isInteger(job.session)
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
