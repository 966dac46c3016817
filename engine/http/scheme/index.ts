import { sameBytes } from './compare.ts'
import { bearer } from './bearer.ts'
import { github } from './github.ts'
import { hmac } from './hmac.ts'
import { slack } from './slack.ts'
import { standardWebhooks } from './standardWebhooks.ts'
import { stripe } from './stripe.ts'
import type { Headers, Scheme, SignedRequest } from './scheme.ts'

export type { Headers, Scheme, SignedRequest } from './scheme.ts'

/** How senders prove that a delivery is theirs, by the name that a Hook's `verify.scheme` has. */
export const schemes: Record<string, Scheme> = {
  'standard-webhooks': standardWebhooks,
  github,
  stripe,
  slack,
  hmac,
  bearer,
}

export type Verdict = { ok: true } | { ok: false; reason: 'unsigned' | 'signature' | 'timestamp' }

/** More signatures than this in one header are not looked at: each costs a hash. */
const maxSignatures = 16

/**
 * Whether a request was signed with one of these secrets, and lately. Every secret is held against every signature, whatever was found
 * before: how long it takes says nothing about where they differ.
 *
 * @param header where the signature is, for schemes that leave it open
 * @param now the time by the one clock, ms since 1970
 */
export const verify = (
  scheme: Scheme,
  request: SignedRequest,
  { secrets, header, toleranceMs, now }: { secrets: string[]; header?: string; toleranceMs: number; now: number },
): Verdict => {
  const claim = scheme.read(request.headers, header ?? scheme.header)
  if (!claim) return { ok: false, reason: 'unsigned' }
  let held = false
  for (const secret of secrets) {
    const expected = scheme.signature(secret, claim, request.body)
    for (const signature of claim.signatures.slice(0, maxSignatures)) if (sameBytes(expected, signature)) held = true
  }
  if (!held) return { ok: false, reason: 'signature' }
  if (claim.seconds !== undefined && Math.abs(now - Number(claim.seconds) * 1000) > toleranceMs)
    return { ok: false, reason: 'timestamp' }
  return { ok: true }
}

/** The headers that make a request a delivery: what a sender of this scheme would send. */
export const sign = (
  scheme: Scheme,
  body: Uint8Array,
  { secret, header, id, now }: { secret: string; header?: string; id: string; now: number },
): Headers => {
  const claim = { signatures: [], id, ...(scheme.timed ? { seconds: String(Math.floor(now / 1000)) } : {}) }
  return scheme.write(scheme.signature(secret, claim, body), claim, header ?? scheme.header)
}
