import { createHmac } from 'node:crypto'
import test from 'ava'
import { type Headers, schemes, sign, verify } from '../../engine/http/scheme/index.ts'
import { deliveries } from './deliveries.ts'

const at = (seconds: number) => seconds * 1000
const fiveMinutes = 300_000

/** What senders have published of their schemes, byte for byte. */
const published: {
  [title: string]: { scheme: string; secret: string; seconds: number; headers: Headers; body: string }
} = {
  'Standard Webhooks': {
    scheme: 'standard-webhooks',
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    seconds: 1614265330,
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    body: '{"test": 2432232314}',
  },
  GitHub: {
    scheme: 'github',
    secret: "It's a Secret to Everybody",
    seconds: 0,
    headers: { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
    body: 'Hello, World!',
  },
  Slack: {
    scheme: 'slack',
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    seconds: 1531420618,
    headers: {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
    body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  },
}

for (const [title, { scheme: name, secret, seconds, headers, body }] of Object.entries(published)) {
  const scheme = schemes[name]!
  const check = (bytes: string, more: { secrets?: string[]; now?: number; headers?: Headers } = {}) =>
    verify(
      scheme,
      { headers: more.headers ?? headers, body: Buffer.from(bytes) },
      { secrets: more.secrets ?? [secret], toleranceMs: fiveMinutes, now: more.now ?? at(seconds) },
    )

  test(`${title}: the published delivery is accepted, and with one byte changed it is not`, t => {
    t.deepEqual(check(body), { ok: true })
    t.deepEqual(check(`${body.slice(0, -1)}~`), { ok: false, reason: 'signature' })
    t.deepEqual(check(body, { secrets: ['other'] }), { ok: false, reason: 'signature' })
    t.deepEqual(check(body, { secrets: [] }), { ok: false, reason: 'signature' })
    t.deepEqual(check(body, { headers: {} }), { ok: false, reason: 'unsigned' })
  })

  test(`${title}: while a secret changes, either is right, in any order`, t => {
    t.deepEqual(check(body, { secrets: ['next', secret] }), { ok: true })
    t.deepEqual(check(body, { secrets: [secret, 'last'] }), { ok: true })
  })

  if (scheme.timed)
    test(`${title}: a delivery is too old after the tolerance, and too new before it`, t => {
      const late = { ok: false, reason: 'timestamp' } as const
      t.deepEqual(check(body, { now: at(seconds + 300) }), { ok: true })
      t.deepEqual(check(body, { now: at(seconds + 301) }), late)
      t.deepEqual(check(body, { now: at(seconds - 301) }), late)
    })
}

for (const [name, scheme] of Object.entries(schemes)) {
  test(`${name}: what is signed is accepted, by its secret alone`, t => {
    const body = Buffer.from('{"a":"ü"}')
    const now = at(1_700_000_000)
    const secret = scheme.rotate.generate?.() ?? 'whsec_made-by-the-sender'
    const headers = sign(scheme, body, { secret, id: 'one', now })
    t.deepEqual(verify(scheme, { headers, body }, { secrets: [secret], toleranceMs: fiveMinutes, now }), { ok: true })
    t.false(verify(scheme, { headers, body }, { secrets: ['wrong'], toleranceMs: fiveMinutes, now }).ok)
  })
}

test('a header that is not what the scheme writes is no signature', t => {
  const body = Buffer.from('{}')
  for (const [name, headers] of [
    ['github', { 'x-hub-signature-256': 'sha1=757107ea0eb2509fc211221cce984b8a37570b6d' }],
    ['github', { 'x-hub-signature-256': 'sha256=' }],
    ['stripe', { 'stripe-signature': 'v1=aa' }],
    ['stripe', { 'stripe-signature': 't=1e9,v1=aa' }],
    ['slack', { 'x-slack-signature': `v0=${'a'.repeat(64)}` }],
    ['standard-webhooks', { 'webhook-id': 'a', 'webhook-timestamp': 'NaN', 'webhook-signature': 'v1,' }],
    ['hmac', { 'x-signature': 'sha256=zz' }],
    ['bearer', { authorization: 'Basic YTpi' }],
  ] as [string, Headers][])
    t.deepEqual(
      verify(schemes[name]!, { headers, body }, { secrets: ['s'], toleranceMs: fiveMinutes, now: 0 }),
      { ok: false, reason: 'unsigned' },
      name,
    )
})

test('Stripe: an old time cannot be made new without its signature, and the older scheme v0 counts for nothing', t => {
  const body = Buffer.from('{"id":"evt_1"}')
  const secret = 'whsec_test'
  const digest = createHmac('sha256', secret).update('1700000000.').update(body).digest('hex')
  const check = (text: string) =>
    verify(
      schemes.stripe!,
      { headers: { 'stripe-signature': text }, body },
      { secrets: [secret], toleranceMs: fiveMinutes, now: at(1_700_000_000) },
    ).ok
  t.true(check(`t=1700000000,v1=${digest}`))
  t.true(check(`t=1700000000,v1=${'0'.repeat(64)},v1=${digest}`))
  t.false(check(`t=1700000001,v1=${digest}`))
  t.false(check(`t=1700000000,v0=${digest}`))
})

test('hmac: hexadecimal digits, with what many senders put before them, or base64, in the header that is said', t => {
  const body = Buffer.from('{}')
  const digest = createHmac('sha256', 's').update(body).digest()
  for (const text of [digest.toString('hex'), `sha256=${digest.toString('hex')}`, digest.toString('base64')])
    t.true(
      verify(
        schemes.hmac!,
        { headers: { 'x-shop-hmac': text }, body },
        { secrets: ['s'], header: 'x-shop-hmac', toleranceMs: 0, now: 0 },
      ).ok,
    )
})

test('deliveries as GitHub, Stripe and Slack send them have the id that their repetitions share', t => {
  for (const { scheme, headers, body, delivery } of Object.values(deliveries))
    t.is(schemes[scheme]!.delivery(headers, body), delivery)
})
