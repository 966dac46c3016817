import test from 'ava'
import { until } from '../support/engine.ts'
import { devForAll, project, tqHere } from './support.ts'

const hook = (name: string, verify: string) => `
apiVersion: tq/v1
kind: Hook
metadata: { name: ${name} }
spec:
  path: /${name}
  verify: ${verify}
  workflow: echoes
  with: { body: "{{ trigger.body }}" }
  reply: { mode: result }
`
const schemes = ['standard-webhooks', 'github', 'stripe', 'slack', 'hmac', 'bearer']
const dir = project({
  'tasks/say.ts': 'export default (input: unknown) => input\n',
  'manifests/all.yaml': [
    '\napiVersion: tq/v1\nkind: Chain\nmetadata: { name: echoes }\nspec: { inputs: { body: {} }, steps: [{ task: say }], output: "{{ inputs.body }}" }\n',
    hook('open', 'none'),
    ...schemes.map(scheme => hook(scheme, `{ scheme: ${scheme}, secret: [team/new, team/old] }`)),
    hook('lonely', '{ scheme: github, secret: nobody/has-it }'),
  ].join('---'),
})
const env = { TQ_SECRET_TEAM__OLD: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }
devForAll(test, dir, env)
const run = (...args: string[]) => tqHere(dir, ['hook', ...args], env)

for (const name of ['open', ...schemes])
  test(`tq hook send ${name}: a delivery as its sender would send it is accepted`, async t => {
    const { exitCode, stdout, stderr } = await run('send', name, '--data', '{"a":1}', '-o', 'json')
    t.is(exitCode, 0, stderr)
    t.like(JSON.parse(stdout), { status: 200, body: { a: 1 } })
    t.regex(stderr, /^200 OK {2}location: \/api\/v1\/runs\/\w{26}$/)
  })

test('tq hook sign prints headers with which curl and others deliver; they are no secret', async t => {
  const url = (await run('url', 'stripe')).stdout
  t.regex(url, /^http:\/\/127\.0\.0\.1:\d+\/hooks\/stripe$/)
  const { stdout } = await run('sign', 'stripe', '--data', '{"id":"evt_1"}')
  const headers = Object.fromEntries(stdout.split('\n').map(line => line.split(': ')))
  t.deepEqual(Object.keys(headers), ['content-type', 'stripe-signature'])
  t.false(stdout.includes(env.TQ_SECRET_TEAM__OLD))
  t.is((await fetch(url, { method: 'POST', headers, body: '{"id":"evt_1"}' })).status, 200)
  t.is((await fetch(url, { method: 'POST', headers, body: '{"id":"evt_2"}' })).status, 401)
})

test('tq hook rotate makes a secret for schemes in which the receiver may, and says what to do', async t => {
  const made = JSON.parse((await run('rotate', 'standard-webhooks', '-o', 'json')).stdout) as {
    secret: string
    variable: string
    steps: string[]
  }
  t.regex(made.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  t.is(made.variable, 'TQ_SECRET_TEAM__NEW')
  t.is(made.steps.length, 4)
  t.like(JSON.parse((await run('rotate', 'stripe', '-o', 'json')).stdout), { secret: null })
  t.regex((await run('rotate', 'stripe')).stderr, /Roll secret/)
  t.is((await run('rotate', 'open')).exitCode, 2)
})

test('tq hook rejections lists what started nothing, without what was sent', async t => {
  const url = (await run('url', 'lonely')).stdout
  await fetch(url, { method: 'POST', body: '{"password":"x"}', headers: { 'content-type': 'application/json' } })
  const rows = await until(async () => {
    const found = JSON.parse((await run('rejections', 'lonely', '-o', 'json')).stdout) as object[]
    return found.length > 0 ? found : null
  })
  t.like(rows[0], { hook: 'lonely', reason: 'secret-missing', requests: 1, path: '/lonely' })
  t.false(JSON.stringify(rows).includes('password'))
  t.regex((await run('rejections')).stdout, /^HOOK +REASON/)
})

test('no command shows a secret', async t => {
  await run('send', 'bearer', '--data', '{}')
  for (const args of [
    ['inspect', 'conf'],
    ['inspect', 'report'],
    ['get', 'hooks'],
    ['get', 'runs'],
    ['hook', 'rejections'],
    ['describe', 'run', '@latest'],
    ['events'],
  ])
    for (const format of ['table', 'json']) {
      const { stdout, stderr } = await tqHere(dir, [...args, '-o', format], env)
      t.false(`${stdout}${stderr}`.includes(env.TQ_SECRET_TEAM__OLD), args.join(' '))
    }
})

test('what is wrong is said with the way out', async t => {
  t.regex((await run('url', 'strip')).stderr, /did you mean "stripe"\?/)
  t.is((await run('url', 'strip')).exitCode, 6)
  t.regex((await run('sing', 'stripe')).stderr, /did you mean "sign"\?/)
  t.regex((await run('url')).stderr, /tq get hooks/)
  t.regex((await run('send', 'lonely')).stderr, /TQ_SECRET_NOBODY__HAS_IT/)
  t.regex((await run('send', 'open', '--data', '1', '--file', 'x')).stderr, /not both/)
})
