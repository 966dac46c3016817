import { randomBytes } from 'node:crypto'
import type { Scheme } from './scheme.ts'

/**
 * The secret itself, in `Authorization: Bearer SECRET` or alone in another header. It proves who sends, not what was sent.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
export const bearer: Scheme = {
  timed: false,
  header: 'authorization',
  headerMayDiffer: true,
  read(headers, header) {
    const text = headers[header]
    if (!text) return null
    const token = header === 'authorization' ? /^Bearer +(\S+)$/i.exec(text)?.[1] : text
    return token ? { signatures: [Buffer.from(token)] } : null
  },
  signature: secret => Buffer.from(secret),
  write: (signature, { id }, header) => ({
    [header]: `${header === 'authorization' ? 'Bearer ' : ''}${Buffer.from(signature)}`,
    'idempotency-key': id!,
  }),
  delivery: headers => headers['idempotency-key'] ?? headers['webhook-id'] ?? null,
  rotate: {
    generate: () => randomBytes(32).toString('base64url'),
    advice: 'Give the sender the new token, and take the old one out of the list when it sends the new one.',
  },
}
