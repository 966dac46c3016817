import { randomBytes } from 'node:crypto'
import { fromHex, hex, hmacSha256 } from './compare.ts'
import type { Scheme } from './scheme.ts'

/**
 * GitHub: `X-Hub-Signature-256: sha256=HEX` over the body. Neither time nor id are signed.
 *
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const github: Scheme = {
  timed: false,
  header: 'x-hub-signature-256',
  headerMayDiffer: false,
  read(headers) {
    const found = fromHex(/^sha256=(.*)$/.exec(headers['x-hub-signature-256'] ?? '')?.[1] ?? '')
    return found && { signatures: [found] }
  },
  signature: (secret, _, body) => hmacSha256(secret, body),
  write: (signature, { id }) => ({
    'x-hub-signature-256': `sha256=${hex(signature)}`,
    'x-github-delivery': id!,
    'x-github-event': 'push',
  }),
  delivery: headers => headers['x-github-delivery'] ?? null,
  rotate: {
    generate: () => randomBytes(32).toString('hex'),
    advice:
      'GitHub: Settings, Webhooks, the hook, Edit, Secret. GitHub signs with one secret, from the moment it is saved.',
  },
}
