import { randomBytes } from 'node:crypto'
import { base64, fromBase64, hmacSha256 } from './compare.ts'
import type { Scheme } from './scheme.ts'

/**
 * Standard Webhooks with a shared secret (`v1`): `webhook-signature` has `v1,BASE64` over `id.timestamp.body`, several with spaces
 * between. A signature by a key pair (`v1a`) is passed over.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const standardWebhooks: Scheme = {
  timed: true,
  header: 'webhook-signature',
  headerMayDiffer: false,
  read(headers) {
    const id = headers['webhook-id']
    const seconds = headers['webhook-timestamp']
    const signed = headers['webhook-signature']
    if (!id || !seconds || !signed || !/^\d{1,12}$/.test(seconds)) return null
    const signatures = signed.split(' ').flatMap(one => {
      const found = one.startsWith('v1,') ? fromBase64(one.slice(3)) : null
      return found ? [found] : []
    })
    return { signatures, seconds, id }
  },
  signature: (secret, { id, seconds }, body) => hmacSha256(keyOf(secret), `${id}.${seconds}.`, body),
  write: (signature, { id, seconds }) => ({
    'webhook-id': id!,
    'webhook-timestamp': seconds!,
    'webhook-signature': `v1,${base64(signature)}`,
  }),
  delivery: headers => headers['webhook-id'] ?? null,
  rotate: {
    generate: () => `whsec_${randomBytes(32).toString('base64')}`,
    advice: 'Give the sender the new secret. It may sign with both for a while; so may you accept both.',
  },
}

const keyOf = (secret: string): Uint8Array => Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
