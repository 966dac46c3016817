import test from 'ava'
import { parseId } from '../../engine/model/id.ts'
import { listRejections } from '../../engine/store/hook.ts'
import { testEngine, type TestEngine, until } from '../support/engine.ts'
import { deliveries } from './deliveries.ts'
import { hookTo, postJson, runsOf, send, serve, signed, type TestServer } from './support.ts'

const secrets = {
  TQ_SECRET_GITHUB__WEBHOOK: "It's a Secret to Everybody",
  TQ_SECRET_STRIPE__WEBHOOK: 'whsec_new',
  TQ_SECRET_STRIPE__WEBHOOK_OLD: 'whsec_old',
}
const open = '  verify: none\n  with: { body: "{{ trigger.body }}" }'
const github = '  verify: { scheme: github, secret: github/webhook }\n  with: { body: "{{ trigger.body }}" }'

let engine: TestEngine
let server: TestServer
test.before(async () => {
  engine = await testEngine()
  server = await serve(engine, secrets)
})
test.after.always(async () => {
  await server?.stop()
  await engine?.stop()
})

/** Applies a hook, and gives its address when it is served. */
const hook = async (name: string, spec: string, more: Parameters<typeof hookTo>[2] = {}): Promise<string> => {
  await engine.applyYaml(hookTo(name, spec, more))
  const url = `${server.url}/hooks/${name}`
  // What a hook rejects is counted under its name.
  await until(async () => {
    await send(url, { method: 'OPTIONS' })
    return (await listRejections(engine.sql, { namespace: 'default', hook: name, limit: 1 })).length > 0
  })
  return url
}
const rejected = (name: string, reason: string) =>
  until(async () =>
    (await listRejections(engine.sql, { namespace: 'default', hook: name, limit: 50 })).find(
      row => row.reason === reason,
    ),
  )

test("GitHub's published delivery starts a run; with one byte changed it is 401, and nothing of it is kept", async t => {
  const url = await hook('vector', github)
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
  }
  const right = await send(url, { method: 'POST', body: 'Hello, World!', headers })
  t.is(right.status, 202)
  t.is(right.headers.get('location'), `/api/v1/runs/${right.body.id}`)

  const wrong = await send(url, { method: 'POST', body: 'Hello, World?', headers })
  t.is(wrong.status, 401)
  t.is(wrong.headers.get('content-type'), 'application/problem+json')
  t.is(wrong.body.code, 'UNAUTHORIZED')
  const record = await rejected('vector', 'signature')
  t.like(record, { requests: 1, path: '/vector', detail: null })
  t.is(await runsOf(engine, 'vector'), 1)
})

test('a delivery that comes again starts nothing, and has the first run as its answer', async t => {
  const url = await hook('again', github)
  const { body, headers } = deliveries['a push to a repository at GitHub']!
  const request = await signed(engine, 'github', JSON.stringify(body), { secret: secrets.TQ_SECRET_GITHUB__WEBHOOK })
  const init = { ...request, headers: { ...request.headers, ...headers } }
  const [first, second] = [await send(url, init), await send(url, init)]
  t.like(first, { status: 202, body: { duplicate: false } })
  t.like(second, { status: 202, body: { id: first.body.id, duplicate: true } })
  t.is(await runsOf(engine, 'again'), 1)
  const ended = await engine.ended((parseId(String(first.body.id)) as { uuid: string }).uuid)
  t.deepEqual(ended.output, { body })
})

test('fifty identical deliveries at once start one run, and all are answered with its id', async t => {
  const url = await hook('fifty', github)
  const init = await signed(engine, 'github', '{"n":1}', { secret: secrets.TQ_SECRET_GITHUB__WEBHOOK })
  const answers = await Promise.all(Array.from({ length: 50 }, () => send(url, init)))
  t.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]))
  t.is(new Set(answers.map(({ body }) => body.id)).size, 1)
  t.is(answers.filter(({ body }) => body.duplicate === false).length, 1)
  t.is(await runsOf(engine, 'fifty'), 1)
})

test('Stripe: either secret is right while it changes, and a delivery from before the tolerance is refused', async t => {
  const url = await hook(
    'stripe',
    '  verify: { scheme: stripe, secret: [stripe/webhook, stripe/webhook-old], tolerance: 5m }\n  with: { body: "{{ trigger.body }}" }',
  )
  const event = (id: string) => JSON.stringify({ ...(deliveries['an event of Stripe']!.body as object), id })
  const next = await signed(engine, 'stripe', event('evt_1'), { secret: 'whsec_new' })
  const last = await signed(engine, 'stripe', event('evt_2'), { secret: 'whsec_old' })
  t.is((await send(url, next)).status, 202)
  t.is((await send(url, last)).status, 202)
  const old = await signed(engine, 'stripe', event('evt_3'), { secret: 'whsec_new', now: Date.now() - 301_000 })
  t.is((await send(url, old)).status, 401)
  t.like(await rejected('stripe', 'timestamp'), { requests: 1 })
  // Signed anew, as each try of Stripe is: the event is the same.
  const later = await signed(engine, 'stripe', event('evt_1'), { secret: 'whsec_new', now: Date.now() - 60_000 })
  t.like(await send(url, later), { status: 202, body: { duplicate: true } })
  t.is(await runsOf(engine, 'stripe'), 2)
})

test('an unknown path and a wrong method have the answer of a wrong signature', async t => {
  const url = await hook('secretive', github)
  const right = await signed(engine, 'github', '{}', { secret: secrets.TQ_SECRET_GITHUB__WEBHOOK })
  const answers = await Promise.all([
    send(url, { ...right, body: '{ }' }),
    send(`${server.url}/hooks/nowhere`, right),
    send(url, { ...right, method: 'PUT' }),
    send(url),
    send(url, { method: 'POST' }),
  ])
  const shape = ({ status, headers, body }: (typeof answers)[number]) => [
    status,
    body,
    [...headers].filter(([name]) => name !== 'date'),
  ]
  for (const answer of answers) t.deepEqual(shape(answer), shape(answers[0]!))
  t.regex((await rejected('', 'unknown-path')).path, /^\/[a-z]+$/)
  t.truthy(await rejected('secretive', 'method'))
  t.is(await runsOf(engine, 'secretive'), 0)
})

test('a hook that verifies nothing says which methods it allows', async t => {
  const answer = await send(await hook('open', open))
  t.like(answer, { status: 405, body: { code: 'METHOD_NOT_ALLOWED' } })
  t.is(answer.headers.get('allow'), 'POST')
})

test('a hook whose secret is nowhere lets nobody in', async t => {
  const url = await hook('unset', '  verify: { scheme: bearer, secret: not/there }\n  with: { body: 1 }')
  t.is((await postJson(url, {}, { authorization: 'Bearer ' })).status, 401)
  t.is((await postJson(url, {}, { authorization: 'Bearer undefined' })).status, 401)
  t.like(await rejected('unset', 'secret-missing'), { detail: 'none is there: not/there' })
})

test('what is too large is refused before it is read, with a length and without one', async t => {
  const url = await hook('large', open)
  const body = JSON.stringify('x'.repeat(2 * 1_048_576))
  const answer = await send(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  t.like(answer, { status: 413, body: { code: 'TOO_LARGE' } })
  t.is(answer.headers.get('connection'), 'close')
  const stream = new Blob([body]).stream()
  const chunked = { method: 'POST', body: stream, duplex: 'half', headers: { 'content-type': 'application/json' } }
  t.is((await send(url, chunked as RequestInit)).status, 413)
  t.is(await runsOf(engine, 'large'), 0)
})

test('a body that does not keep the schema is 400, with where and what', async t => {
  const url = await hook(
    'strict',
    `
  verify: none
  body: { type: object, required: [id, items], properties: { id: { type: string }, items: { type: array, items: { type: object, properties: { n: { type: integer } } } } } }
  with: { body: "{{ trigger.body.id }}" }`,
  )
  const answer = await postJson(url, { id: 'a', items: [{ n: 1 }, { n: 'two' }] })
  t.is(answer.status, 400)
  t.like(answer.body, { code: 'INVALID_BODY', errors: [{ pointer: '#/items/1/n', detail: 'must be integer' }] })
  t.like(await postJson(url, { items: [] }), { body: { errors: [{ pointer: '#' }] } })
  t.is(await runsOf(engine, 'strict'), 0)
})

test('a condition that is false is 204, and starts nothing', async t => {
  const url = await hook('picky', `${open}\n  when: "{{ eq trigger.body.type 'paid' }}"`)
  t.is((await postJson(url, { type: 'sent' })).status, 204)
  t.is((await postJson(url, { type: 'paid' })).status, 202)
  t.like(await postJson(url, {}), { status: 422, body: { code: 'INVALID_INPUT' } })
  t.is(await runsOf(engine, 'picky'), 1)
})

test('what a condition is false of need not keep the schema; what it cannot be asked of must', async t => {
  const url = await hook(
    'other-events',
    `
  verify: none
  body: { type: object, required: [type, order], properties: { type: { type: string }, order: { type: string } } }
  when: "{{ eq trigger.body.type 'paid' }}"
  with: { body: "{{ trigger.body.order }}" }`,
  )
  t.is((await postJson(url, { type: 'ping', zen: 'Half measures are as bad as nothing at all.' })).status, 204)
  t.is((await postJson(url, { type: 'paid' })).status, 400)
  t.is((await postJson(url, { order: 'a' })).status, 400)
  t.is((await postJson(url, { type: 'paid', order: 'a' })).status, 202)
  t.is(await runsOf(engine, 'other-events'), 1)
})

test('who sends is not told of expressions, files and workflows; who asks for rejections is', async t => {
  const url = await hook('inner', `  verify: none\n  with: { body: "{{ trigger.body.secretive }}" }`)
  const { status, body } = await postJson(url, { a: 1 })
  t.is(status, 422)
  t.false(/secretive|yaml|trigger|target/.test(JSON.stringify(body)), JSON.stringify(body))
  await until(async () => {
    const rows = await listRejections(engine.sql, { namespace: 'default', hook: 'inner', limit: 5 })
    return rows.some(row => row.detail?.includes('secretive'))
  })
})

test('a form that does not keep the schema says that it was read as one', async t => {
  const url = await hook('formed', `  verify: none\n  body: { type: object, required: [ref] }\n  with: { body: 1 }`)
  const { body } = await send(url, {
    method: 'POST',
    body: '{"ref":"main"}',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  t.regex((body as { detail: string }).detail, /sent as a form/)
})

test('JSON and forms are understood, nothing else; what is no JSON is 400', async t => {
  const url = await hook('kinds', `${open}\n  reply: { mode: result }`)
  const post = (type: string, body: string) =>
    send(url, { method: 'POST', body, headers: type ? { 'content-type': type } : {} })
  t.deepEqual((await post('application/json; charset=utf-8', '{"a":[1]}')).body, { body: { a: [1] } })
  t.deepEqual((await post('application/cloudevents+json', '{"a":1}')).body, { body: { a: 1 } })
  t.deepEqual((await post('application/x-www-form-urlencoded', 'a=1&b=x+y&a=2&__proto__=p')).body, {
    body: JSON.parse('{ "a": ["1", "2"], "b": "x y", "__proto__": "p" }'),
  })
  t.is((await post('text/xml', '<a/>')).status, 415)
  t.is((await post('multipart/form-data; boundary=x', '--x--')).status, 415)
  t.is((await post('application/json', '{"a":')).status, 400)
  t.is((await post('application/json', '['.repeat(100_000))).status, 400)
  t.is(
    (
      await send(url, {
        method: 'POST',
        body: Buffer.from([0x22, 0xff, 0x22]),
        headers: { 'content-type': 'application/json' },
      })
    ).status,
    400,
  )
  t.is(await runsOf(engine, 'kinds'), 3)
})

test('what a request was is passed on by expressions, without what is secret of it', async t => {
  const url = await hook(
    'passes',
    `
  methods: [POST, PUT]
  verify: none
  with: { body: { headers: "{{ trigger.headers }}", query: "{{ trigger.query }}", path: "{{ trigger.path }}", method: "{{ trigger.method }}", event: "{{ trigger.headers.x-event }}" } }
  reply: { mode: result }`,
  )
  const { body } = await send(`${url}?q=1&q=2&r=%20`, {
    method: 'PUT',
    headers: { 'X-Event': 'push', authorization: 'Bearer secret', cookie: 'secret' },
  })
  t.like(body.body, { query: { q: ['1', '2'], r: ' ' }, path: '/passes', method: 'PUT', event: 'push' })
  t.false(JSON.stringify(body).includes('secret'))
})

test('the same key with another input is a conflict, with the same input the first run', async t => {
  const url = await hook('keyed', `${open}\n  idempotencyKey: "{{ trigger.body.order }}"`)
  const first = await postJson(url, { order: 7, amount: 1 })
  t.is(first.status, 202)
  t.like(await postJson(url, { order: 7, amount: 1 }), { status: 202, body: { id: first.body.id, duplicate: true } })
  t.like(await postJson(url, { order: 7, amount: 2 }), { status: 409, body: { code: 'CONFLICT' } })
  t.is((await postJson(url, { order: 'x'.repeat(300) })).status, 422)
  t.is((await postJson(url, { order: 'a\u0000b' })).status, 422)
  t.is((await postJson(url, { order: [1] })).status, 422)
  t.is(await runsOf(engine, 'keyed'), 1)
  t.like(await rejected('keyed', 'conflict'), { requests: 1 })
})

test('a recorded delivery that is sent again with what is not signed changed starts no other run', async t => {
  const url = await hook(
    'replayed',
    '  verify: { scheme: standard-webhooks, secret: stripe/webhook }\n  idempotencyKey: "{{ trigger.query.key }}"\n  with: { body: "{{ trigger.body }}" }',
  )
  const recorded = await signed(engine, 'standard-webhooks', '{}', { secret: 'whsec_new', id: 'msg_1' })
  const first = await send(`${url}?key=a`, recorded)
  t.is(first.status, 202)
  t.like(await send(`${url}?key=a`, recorded), { status: 202, body: { id: first.body.id, duplicate: true } })
  t.is((await send(`${url}?key=b`, recorded)).status, 409)
  const other = await signed(engine, 'standard-webhooks', '{}', { secret: 'whsec_new', id: 'msg_2' })
  t.like(await send(`${url}?key=a`, other), { status: 202, body: { id: first.body.id, duplicate: true } })
  t.is(await runsOf(engine, 'replayed'), 1)
})

test('an input that the workflow does not take is 422', async t => {
  const url = await hook('typed', '  verify: none\n  with: { n: "{{ trigger.body.n }}" }', {
    inputs: '{ n: { type: integer } }',
  })
  t.like(await postJson(url, { n: 'one' }), { status: 422, body: { code: 'INVALID_INPUT' } })
  t.is((await postJson(url, { n: 1 })).status, 202)
})

test('a rate limit counts over all servers, and says when to come again', async t => {
  const url = await hook('limited', `${open}\n  rateLimit: 5/h`)
  const other = await serve(engine)
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => postJson(n % 2 ? url : `${other.url}/hooks/limited`, { n })),
  )
  await other.stop()
  const by = (status: number) => answers.filter(answer => answer.status === status)
  t.is(by(202).length, 5)
  t.is(by(429).length, 15)
  for (const { headers } of by(429)) {
    const seconds = Number(headers.get('retry-after'))
    t.true(seconds > 600 && seconds <= 720, `${seconds}`)
  }
  t.is(await runsOf(engine, 'limited'), 5)
})

test('a hook may answer with the result of its run, or with why there is none', async t => {
  const url = await hook('answers', `${open}\n  reply: { mode: result }`)
  const answer = await postJson(url, { a: 1 })
  t.like(answer, { status: 200, body: { body: { a: 1 } } })
  const location = `${server.url}${answer.headers.get('location')}`
  t.like(await send(location), { status: 200, body: { state: 'succeeded', output: { body: { a: 1 } }, error: null } })

  const failing = await hook(
    'fails',
    '  verify: none\n  with: { name: Declined, message: no }\n  reply: { mode: result }',
    {
      inputs: '{ name: { type: string }, message: { type: string } }',
      task: 'fail',
    },
  )
  const failed = await postJson(failing, {})
  t.like(failed, { status: 500, body: { code: 'RUN_FAILED', run: { state: 'failed' } } })
})

test('a result that takes longer than the hook waits is 202 with where it will be; nobody who goes away stops it', async t => {
  const url = await hook('slow', '  verify: none\n  with: { ms: 600000 }\n  reply: { mode: result, timeout: 2s }', {
    inputs: '{ ms: { type: integer } }',
    task: 'sleep',
  })
  const asked = performance.now()
  const answer = await postJson(url, {})
  const took = performance.now() - asked
  t.is(answer.status, 202)
  t.true(took > 1900 && took < 4000, `${took}`)
  const location = `${server.url}${answer.headers.get('location')}`
  t.like(await send(location), { status: 200, body: { state: 'running', output: null } })

  await t.throwsAsync(send(url, { method: 'POST', signal: AbortSignal.timeout(300) }))
  await until(async () => (await runsOf(engine, 'slow')) === 2)
  const rows = await engine.sql<{ id: string; state: string }>`select id, state from run where name = 'slow'`
  t.deepEqual(new Set(rows.map(({ state }) => state)), new Set(['running']))
  for (const { id } of rows) await engine.cancel(id)
})

test('a run that nobody started is 404, and so is what is not served', async t => {
  t.is((await send(`${server.url}/api/v1/runs/00000000000000000000000000`)).status, 404)
  t.is((await send(`${server.url}/api/v1/runs/x`)).status, 404)
  t.like(await send(`${server.url}/nothing`), { status: 404, body: { code: 'NOT_FOUND' } })
})

test('a hook that is applied anew is served as it is now', async t => {
  const url = await hook('changes', `${open}\n  reply: { mode: result }`)
  t.is((await postJson(url, 1)).status, 200)
  await engine.applyYaml(hookTo('changes', '  verify: none\n  with: { body: changed }\n  reply: { mode: result }'))
  await until(async () => (await postJson(url, 1)).body.body === 'changed')
  t.pass()
})
