import { isObject } from '../../model/json.ts'
import { fromHex, hex, hmacSha256 } from './compare.ts'
import type { Scheme } from './scheme.ts'

/**
 * Stripe: `Stripe-Signature: t=SECONDS,v1=HEX` over `t.body`, with several `v1` while a secret is rolled. Each try to deliver is signed anew;
 * what tries have in common is the event's id in the body.
 *
 * @see https://docs.stripe.com/webhooks/signature
 */
export const stripe: Scheme = {
  timed: true,
  header: 'stripe-signature',
  headerMayDiffer: false,
  read(headers) {
    const parts = (headers['stripe-signature'] ?? '').split(',').map(part => part.trim().split('='))
    const seconds = parts.find(([name]) => name === 't')?.[1]
    if (!seconds || !/^\d{1,12}$/.test(seconds)) return null
    return {
      seconds,
      signatures: parts.flatMap(([name, value]) => (name === 'v1' && fromHex(value ?? '')) || []),
    }
  },
  signature: (secret, { seconds }, body) => hmacSha256(secret, `${seconds}.`, body),
  write: (signature, { seconds }) => ({ 'stripe-signature': `t=${seconds},v1=${hex(signature)}` }),
  delivery: (headers, body) =>
    isObject(body) && typeof body.id === 'string' ? body.id : (headers['stripe-signature'] ?? null),
  rotate: {
    generate: null,
    advice:
      'Stripe makes the secret: Workbench, Webhooks, the endpoint, Roll secret. It signs with both for as long as you choose there.',
  },
}
