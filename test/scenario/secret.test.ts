import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { readLogs } from '../../engine/store/log.ts'
import { project } from '../cli/support.ts'
import { testEngine, until } from '../support/engine.ts'

/** semantics L7: what is secret reaches a handler and is stored nowhere. */
const token = 'swordfish "and" \\ chips'
const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----'
const dir = project({ 'deploy/key': `${key}\n` })
const engine = await testEngine({ secrets: { env: { TQ_SECRET_MAIL__TOKEN: token }, dir } })
test.after.always(() => engine.stop())

test.before('Tasks that look at what they get', () =>
  engine.applyYaml(
    ['checked, minLength: 3', 'short, maxLength: 3']
      .map(one => one.split(', '))
      .map(
        ([name, limit]) =>
          `apiVersion: tq/v1\nkind: Task\nmetadata: { name: ${name} }\n` +
          `spec: { handler: reveals, inputSchema: { type: object, properties: { token: { type: string, ${limit} } } } }\n`,
      )
      .join('---\n'),
  ),
)

const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const chain = (steps: string) => engine.try('Chain', `\n    steps:\n${steps}\n`)

/** Rows of any table that have one of these texts in them, as they are or as JSON has them. */
const rowsWith = async (...texts: string[]): Promise<string[]> => {
  const tables = await engine.sql<{ name: string }>`
    select c.relname as name from pg_class c join pg_namespace s on s.oid = c.relnamespace where s.nspname = ${'tq'} and c.relkind in ('r', 'p')`
  const found: string[] = []
  for (const { name } of tables) {
    await engine.sql.script(`create or replace view looked as select t::text as row from tq."${name}" t`)
    for (const { row } of await engine.sql<{ row: string }>`select row from looked`)
      if (texts.some(text => row.includes(text))) found.push(`${name}: ${row}`)
  }
  return found
}

test('a secret reaches the handler, alone, in a text, of a file, and for each item', async t => {
  const run = await chain(`
      - { id: alone, task: reveals, with: { token: "{{ secret 'mail/token' }}" } }
      - { id: text, task: reveals, with: { token: "Bearer {{ secret 'mail/token' }}!" } }
      - { id: file, task: reveals, with: { token: "{{ secret 'deploy/key' }}" } }
      - { id: none, task: reveals, with: { token: "{{ default (secret 'not/there') 'public' }}" } }
      - { id: each, forEach: { in: [a, b] }, task: reveals, with: { token: "{{ item }}:{{ secret 'mail/token' }}" } }
      - { id: typed, task: checked, with: { token: "{{ secret 'mail/token' }}" } }`)
  const given = [token, `Bearer ${token}!`, key, 'public', token]
  for (const [i, path] of ['alone', 'text', 'file', 'none', 'typed'].entries())
    t.is(run.job(path).output, hash(given[i]!), path)
  t.deepEqual(
    run.jobs.filter(job => job.item !== null).map(job => job.output),
    [`a:${token}`, `b:${token}`].map(hash),
  )
})

test('of a secret nothing is stored: not the input, not what handlers print, tell and throw', async t => {
  const run = await chain(`
      - id: fails
        task: reveals
        with: { token: "{{ secret 'mail/token' }}", fails: true }
        retry: { max: 1, delay: 1ms }
        onError: [{ do: [{ id: told, task: echo, with: { why: "{{ error.message }}" } }] }]
      - { id: never, task: noop }`)
  t.is(run.state, 'failed')
  const attempts =
    await engine.sql`select input from outcome where run = ${run.id} and n = ${run.job('fails').n} and not final`
  t.deepEqual(
    attempts.map(one => one.input),
    Array(2).fill({ token: '[secret mail/token]', fails: true }),
  )
  t.like(run.job('fails'), {
    error: { name: 'RangeError', message: 'refused [secret mail/token]' },
  })
  t.deepEqual(run.job('fails/onError0/told').input, { why: 'refused [secret mail/token]' })
  const lines = await until(async () => {
    const rows = await readLogs(engine.sql, { run: run.id, after: 0, limit: 100, ns: null })
    return rows.length >= 10 ? rows : null
  })
  for (const said of [
    'the token is [secret mail/token].',
    '{"token":"[secret mail/token]"}',
    '50 %  [secret mail/token]',
    '?t=[secret mail/token] [secret mail/token]',
  ])
    t.is(lines.filter(line => line.message === said).length, 2, said)
  t.deepEqual(lines.find(line => line.message === 'with fields')?.fields, {
    token: '[secret mail/token]',
    '[secret mail/token]': 1,
  })
  await chain(`
      - { task: reveals, with: { token: "{{ secret 'deploy/key' }}" } }`)
  t.true((await rowsWith('[secret mail/token]')).length > 0)
  t.deepEqual(await rowsWith('swordfish', 'MIIEvQIBADANBgkq', 'hkiG9w0BAQEFAASC'), [])
})

test('an input that its Task refuses, and one that a helper refuses, do not show the secret', async t => {
  const run = await chain(`
      - { id: wrong, task: short, with: { token: "{{ secret 'mail/token' }}" } }`)
  t.is(run.job('wrong').error?.name, 'InvalidInput')
  t.deepEqual(run.job('wrong').input, { token: '[secret mail/token]' })
  t.deepEqual(await rowsWith('swordfish'), [])
})

test('a secret that is not there fails its step with the way out; put there, an attempt after that has it', async t => {
  const run = await chain(`
      - { id: one, task: reveals, with: { token: "{{ secret 'mail/other-token' }}" } }`)
  t.is(run.job('one').error?.name, 'ExpressionError')
  t.regex(
    String(run.job('one').error?.message),
    /no such secret: set TQ_SECRET_MAIL__OTHER_TOKEN there, or put it into the file mail\/other-token/,
  )

  await engine.applyYaml(`
apiVersion: tq/v1
kind: Chain
metadata: { name: later }
spec: { steps: [{ id: one, task: reveals, with: { token: "{{ secret 'late' }}" }, retry: { max: 1000, delay: 50ms, only: [ExpressionError] } }] }
`)
  const id = await engine.start('later')
  await until(async () => (await engine.sql`select 1 from outcome where run = ${id} and not final`).length > 0)
  writeFileSync(join(dir, 'late'), 'now')
  t.is((await engine.ended(id)).output, hash('now'))
})
