import { randomBytes } from 'node:crypto'
import { fromBase64, fromHex, hex, hmacSha256 } from './compare.ts'
import type { Scheme } from './scheme.ts'

/**
 * HMAC-SHA256 of the body in a header, as many senders have it: in hexadecimal digits, with `sha256=` before them or without, or
 * in base64. Neither time nor id are signed.
 */
export const hmac: Scheme = {
  timed: false,
  header: 'x-signature',
  headerMayDiffer: true,
  read(headers, header) {
    const text = (headers[header] ?? '').replace(/^sha256=/, '')
    const found = fromHex(text) ?? fromBase64(text)
    return found && { signatures: [found] }
  },
  signature: (secret, _, body) => hmacSha256(secret, body),
  write: (signature, { id }, header) => ({ [header]: `sha256=${hex(signature)}`, 'idempotency-key': id! }),
  delivery: headers => headers['idempotency-key'] ?? headers['webhook-id'] ?? null,
  rotate: {
    generate: () => randomBytes(32).toString('hex'),
    advice: 'Give the sender the new secret, and take the old one out of the list when it signs with the new one.',
  },
}
