import { isObject } from '../../model/json.ts'
import { fromHex, hex, hmacSha256 } from './compare.ts'
import type { Scheme } from './scheme.ts'

/**
 * Slack: `X-Slack-Signature: v0=HEX` over `v0:SECONDS:body`. Events have an `event_id` that tries to deliver have in common; of
 * commands and actions, which Slack sends once, `trigger_id`; else the signature itself.
 *
 * @see https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export const slack: Scheme = {
  timed: true,
  header: 'x-slack-signature',
  headerMayDiffer: false,
  read(headers) {
    const found = fromHex(/^v0=(.*)$/.exec(headers['x-slack-signature'] ?? '')?.[1] ?? '')
    const seconds = headers['x-slack-request-timestamp']
    return found && seconds && /^\d{1,12}$/.test(seconds) ? { signatures: [found], seconds } : null
  },
  signature: (secret, { seconds }, body) => hmacSha256(secret, `v0:${seconds}:`, body),
  write: (signature, { seconds }) => ({
    'x-slack-signature': `v0=${hex(signature)}`,
    'x-slack-request-timestamp': seconds!,
  }),
  delivery(headers, body) {
    const id = isObject(body) ? (body.event_id ?? body.trigger_id) : null
    return typeof id === 'string' ? id : (headers['x-slack-signature'] ?? null)
  },
  rotate: {
    generate: null,
    advice:
      'Slack makes the secret: the app, Basic Information, Signing Secret, Regenerate. It signs with the new one at once.',
  },
}
