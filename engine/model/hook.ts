import type { HookSpec } from '../../schemas/manifest.types.ts'
import { parseDuration } from './duration.ts'

/** Where hooks are served: before a Hook's own path. */
export const hooksPrefix = '/hooks'

/** What the schemes of a Hook's `verify` have of their own. */
const schemes: { [scheme: string]: { timed?: true; header?: true } } = {
  'standard-webhooks': { timed: true },
  github: {},
  stripe: { timed: true },
  slack: { timed: true },
  hmac: { header: true },
  bearer: { header: true },
}

/** Signs the time, so that deliveries grow old. */
export const isTimed = (scheme: string): boolean => schemes[scheme]?.timed === true

/** Leaves open in which header the signature is. */
export const mayNameHeader = (scheme: string): boolean => schemes[scheme]?.header === true

/** How a Hook says that it accepts from anyone. */
export type Verify = { scheme: string; secrets: string[]; header?: string; toleranceMs: number } | null

/** How a hook verifies; null: not at all. Tolerance 5m where nothing is said. */
export const verifyOf = ({ verify }: HookSpec): Verify => {
  if (typeof verify === 'string') return null
  const { scheme, secret, header, tolerance } = verify
  return {
    scheme,
    secrets: [secret].flat(),
    ...(header === undefined ? {} : { header: header.toLowerCase() }),
    toleranceMs: parseDuration(tolerance ?? '5m')!,
  }
}

/** How long the key of a delivery is kept at least where a hook says nothing, ms: senders try again for up to three days. */
const defaultTtlMs = 3 * 86_400_000

export const ttlOf = ({ idempotencyTtl }: HookSpec): number =>
  idempotencyTtl === undefined ? defaultTtlMs : parseDuration(idempotencyTtl)!

/** How long a request waits for the result of its run, ms; null: it does not wait. */
export const replyOf = ({ reply }: HookSpec): number | null =>
  reply?.mode === 'result' ? parseDuration(reply.timeout ?? '10s')! : null

export const methodsOf = ({ methods }: HookSpec): string[] => methods ?? ['POST']
