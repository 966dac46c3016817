import type { RetryPolicy } from './plan.ts'

/**
 * Delay before the next attempt: fixed, linear or exponential, with full jitter unless the policy says none.
 *
 * @param failures how often the job has failed, from 1; attempts lost with their worker do not count
 * @param random a number in [0, 1)
 * @returns milliseconds, at most maxDelayMs; with full jitter uniform below min(maxDelayMs, the backoff's delay)
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const backoffMs = (policy: RetryPolicy, failures: number, random = Math.random()): number => {
  const factor = policy.backoff === 'exponential' ? 2 ** (failures - 1) : policy.backoff === 'linear' ? failures : 1
  const delay = Math.min(policy.maxDelayMs, policy.delayMs * factor)
  return policy.jitter === 'full' ? delay * random : delay
}

/**
 * Whether a failure is tried again. An input that cannot be made or is refused stays so: those are not.
 *
 * @param failures how often the job had failed before
 */
export const retryable = (policy: RetryPolicy | undefined, error: { name: string }, failures: number): boolean => {
  if (!policy || failures >= policy.max) return false
  if (policy.only && !policy.only.includes(error.name)) return false
  if (policy.except?.includes(error.name)) return false
  return (
    policy.only !== undefined || !['InvalidInput', 'ExpressionError', 'Cancelled', 'DuplicateKey'].includes(error.name)
  )
}
