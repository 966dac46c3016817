import { chmodSync, copyFileSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import pg from 'pg'
import { startPostgres } from '../../engine/runtime/embedded.ts'
import { handlersDir, testEngine, type TestEngine, until, workflow } from '../support/engine.ts'
import { kafkaTest, testKafka } from '../support/kafka.ts'
import { testDatabase } from '../support/postgres.ts'
import { project, tq, tqHere, write } from './support.ts'

type Finding = { check: string; level: string; text: string; fix?: string }

/** What `tq doctor` says with these settings. */
const ask = async (env: Record<string, string>, dir = project()) => {
  const { exitCode, stdout } = await tqHere(dir, ['doctor', '-o', 'json'], env)
  const { findings } = JSON.parse(stdout) as { findings: Finding[] }
  const bad = findings.filter(({ level }) => level !== 'ok')
  for (const one of bad) if (!one.fix) throw new Error(`no way out of ${one.text}`)
  return { exitCode, findings, bad, of: (check: string) => findings.filter(one => one.check === check) }
}
const only = (t: ExecutionContext, found: Finding[], level: string, text: RegExp, fix: RegExp) => {
  t.is(found.length, 1, JSON.stringify(found))
  t.is(found[0]!.level, level)
  t.regex(found[0]!.text, text)
  t.regex(found[0]!.fix ?? '', fix)
}

/** A set-up in which nothing is wrong. */
const healthy = async (
  t: ExecutionContext,
  options: Parameters<typeof testEngine>[0] = {},
): Promise<TestEngine & { env: Record<string, string> }> => {
  const engine = await testEngine({ leaseMs: 86_400_000, ...options })
  t.teardown(engine.stop)
  return { ...engine, env: { TQ_DATABASE_URL: engine.url } }
}

test('where nothing is wrong each line is a tick, and it exits with 0', async t => {
  const { env } = await healthy(t)
  const { exitCode, stdout, stderr } = await tqHere(project(), ['doctor'], env)
  t.is(exitCode, 0, stdout)
  for (const line of stdout.split('\n')) t.regex(line, /^✓ /)
  t.regex(stdout, /^✓ node +24\.\d+\.\d+$/m)
  t.regex(stdout, /^✓ database +postgres \d+.* · schema (\d+) of \1 · \d+\/\d+ connections$/m)
  t.regex(stdout, /^✓ workers +1 worker, 2 child processes, 0 running$/m)
  t.regex(stderr, /^0 failed, 0 warnings, \d+ ok$/)
})

test('no database, one that does not answer, and one that was not migrated or by a later tq', async t => {
  const none = await ask({})
  t.is(none.exitCode, 1)
  only(t, none.bad, 'failed', /none is configured/, /^tq dev/)
  only(
    t,
    (await ask({ TQ_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })).bad,
    'failed',
    /does not answer/,
    /tq dev/,
  )
  const { url } = await testDatabase()
  only(t, (await ask({ TQ_DATABASE_URL: url })).bad, 'failed', /schema 0 of \d+/, /^tq db migrate$/)
  await tqHere(project(), ['db', 'migrate'], { TQ_DATABASE_URL: url })
  only(t, (await ask({ TQ_DATABASE_URL: url })).bad, 'failed', /none is up/, /^tq worker$/)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query("insert into tq.migration (version, hash) values (9999, '')")
  await client.end()
  only(t, (await ask({ TQ_DATABASE_URL: url })).bad, 'failed', /schema 9999 is newer/, /tqflow@latest/)
})

test('a schema that another build of tq has migrated: migrating is no way out, and is not said to be one', async t => {
  const { url } = await testDatabase()
  const env = { TQ_DATABASE_URL: url }
  await tqHere(project(), ['db', 'migrate'], env)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query("update tq.migration set hash = 'other' where version = 1")
  const words = /another version or build of tq has migrated this schema: migration 1 has other text here/
  const { bad } = await ask(env)
  only(t, bad, 'failed', words, /^use the tq that did; .*: export TQ_DATABASE_SCHEMA=tq2; tq db migrate$/)
  const status = await tqHere(project(), ['db', 'status'], env)
  t.is(status.exitCode, 1)
  t.regex(status.stderr, words)
  await client.query('delete from tq.migration where version > 1')
  await client.end()
  const older = await tqHere(project(), ['get', 'runs'], env)
  t.is(older.exitCode, 69)
  t.regex(older.stderr, /: `tq doctor` says the way out$/)
  t.is((await tqHere(project(), ['db', 'migrate'], { ...env, TQ_DATABASE_SCHEMA: 'tq2' })).exitCode, 0)
  only(t, (await ask({ ...env, TQ_DATABASE_SCHEMA: 'tq2' })).bad, 'failed', /none is up/, /^tq worker$/)
})

test('misspelt variables, and values that cannot be read', async t => {
  const { env } = await healthy(t)
  only(
    t,
    (await ask({ ...env, TQ_DATABSE_URL: 'x' })).bad,
    'warning',
    /TQ_DATABSE_URL is no variable of tq; did you mean "TQ_DATABASE_URL"\?/,
    /^export TQ_DATABASE_URL="\$TQ_DATABSE_URL"; unset TQ_DATABSE_URL$/,
  )
  t.deepEqual((await ask({ ...env, TQ_SECRET_OF_MINE: 'x', TQ_DEBUG: '1' })).bad, [])
  const { exitCode, bad } = await ask({ ...env, TQ_LEASE: 'soon' })
  t.is(exitCode, 1)
  only(t, bad, 'failed', /TQ_LEASE is "soon"/, /^unset TQ_LEASE$/)
})

test('a user who may not write', async t => {
  const { env, sql } = await healthy(t)
  const role = `reader_${process.pid}`
  await sql.script(
    `create role ${role} login password 'x'; grant usage on schema tq to ${role}; grant select on all tables in schema tq to ${role}`,
  )
  t.teardown(() => sql.script(`drop owned by ${role}; drop role ${role}`))
  const url = new URL(env.TQ_DATABASE_URL!)
  url.username = role
  url.password = 'x'
  const { of, exitCode } = await ask({ TQ_DATABASE_URL: url.href })
  t.is(exitCode, 1)
  only(
    t,
    of('permissions'),
    'failed',
    /may not delete on alarm, insert on alarm, update on alarm and \d+ more/,
    /^psql -c 'grant all on all tables in schema tq/,
  )
  await sql.script(`revoke usage on schema tq from ${role}`)
  t.is((await ask({ TQ_DATABASE_URL: url.href })).of('database')[0]!.level, 'failed')
})

test('a clock that is not the database’s', async t => {
  const { env, clock } = await healthy(t)
  await clock.advanceMs(60_000)
  only(t, (await ask(env)).bad, 'warning', /this clock is (1m|60|59)\S* behind the database's/, /set-ntp/)
})

test('few connections that are left', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'tq-few-'))
  chmodSync(dir, 0o755)
  const postgres = await startPostgres({ dataDir: join(dir, 'db'), settings: { max_connections: '12' } })
  t.teardown(postgres.stop)
  const env = { TQ_DATABASE_URL: postgres.url }
  await tqHere(project(), ['db', 'migrate'], env)
  const clients = Array.from({ length: 7 }, () => new pg.Client({ connectionString: postgres.url }))
  for (const client of clients) await client.connect()
  t.false((await ask(env)).of('database').some(({ level }) => level === 'warning'))
  const more = Array.from({ length: 3 }, () => new pg.Client({ connectionString: postgres.url }))
  for (const client of more) await client.connect()
  const { of } = await ask(env)
  t.true(
    of('database').some(({ text }) => /1\d of 12 connections are taken|too many clients/.test(text)),
    JSON.stringify(of('database')),
  )
  for (const client of [...clients, ...more]) await client.end()
})

test('Kafka that does not answer', async t => {
  const { env } = await healthy(t)
  const { exitCode, bad } = await ask({ ...env, TQ_KAFKA_BROKERS: '127.0.0.1:1' })
  t.is(exitCode, 1)
  only(t, bad, 'failed', /kafka 127\.0\.0\.1:1 does not answer/, /unset TQ_KAFKA_BROKERS/)
})

kafkaTest('topics that are missing, which it does not make itself', async t => {
  const { brokers, namespace } = await testKafka(t)
  const { url } = await testDatabase()
  const env = { TQ_DATABASE_URL: url, TQ_KAFKA_BROKERS: brokers, TQ_NAMESPACE: namespace }
  await tqHere(project(), ['db', 'migrate'], env)
  for (const _ of [1, 2]) {
    const missing = (await ask(env)).of('broker')
    t.deepEqual([...new Set(missing.map(({ level }) => level))], ['warning'])
    t.true(missing.some(({ text }) => text === `kafka topic tq.${namespace}.events is missing`))
    t.regex(missing[0]!.fix!, /^tq apply, or: kafka-topics\.sh --create --topic/)
  }
  const dir = project({ 'manifests/q.yaml': 'apiVersion: tq/v1\nkind: Queue\nmetadata: { name: gpu }\nspec: {}\n' })
  await tqHere(dir, ['apply'], env)
  t.deepEqual(
    (await ask(env)).of('broker').map(({ level }) => level),
    ['ok'],
  )
})

test('jobs that wait in a queue that no worker serves, or that is paused', async t => {
  const { env, applyYaml, start } = await healthy(t, { queues: ['default'] })
  const queue = (name: string, spec: string) =>
    `apiVersion: tq/v1\nkind: Queue\nmetadata: { name: ${name} }\nspec: ${spec}\n`
  await applyYaml(
    `${queue('gpu', '{}')}---\n${queue('quiet', '{ paused: true }')}---\n${workflow('Chain', 'one', 'steps: [{ task: noop, queue: gpu }]')}---\n${workflow('Chain', 'two', 'steps: [{ task: noop, queue: quiet }]')}`,
  )
  t.deepEqual(
    (await ask(env)).of('queues').map(({ level }) => level),
    ['ok'],
  )
  await start('one')
  await start('one')
  await start('two')
  const found = await until(async () => {
    const { of, exitCode } = await ask(env)
    return of('queues').length === 2 && exitCode === 1
      ? of('queues').sort((a, b) => a.level.localeCompare(b.level))
      : null
  })
  only(t, [found[0]!], 'failed', /^no worker serves queue "gpu"; 2 jobs wait \(the oldest/, /^tq worker -Q gpu$/)
  only(t, [found[1]!], 'warning', /^queue "quiet" is paused; 1 job waits/, /tq apply -f test\.yaml$/)
})

test('handlers that no worker has, and files that cannot be loaded', async t => {
  const own = mkdtempSync(join(tmpdir(), 'tq-handlers-'))
  mkdirSync(join(own, 'few'))
  copyFileSync(join(handlersDir, 'noop.ts'), join(own, 'few/noop.ts'))
  const { env, applyYaml } = await healthy(t, { handlersDir: join(own, 'few') })
  await applyYaml('apiVersion: tq/v1\nkind: Task\nmetadata: { name: resize }\nspec: { handler: noop }\n')
  t.deepEqual(
    (await ask(env)).of('handlers').map(({ level }) => level),
    ['ok'],
  )
  const dir = project({
    'manifests/resize.yaml':
      'apiVersion: tq/v1\nkind: Task\nmetadata: { name: resize }\nspec: { handler: images/resize }\n',
    'tasks/images/resize.ts': 'export default () => 1\n',
  })
  await tqHere(dir, ['apply'], env)
  only(
    t,
    (await ask(env, dir)).of('handlers'),
    'warning',
    /^task\/resize needs the handler "images\/resize"/,
    /tq worker --handlers/,
  )

  t.regex((await ask(env, dir)).of('handler files')[0]!.text, /^1 in /)
  write(dir, 'tasks/broken.ts', "import './nowhere.ts'\nexport default () => 1\n")
  write(dir, 'tasks/plain.ts', 'export const resize = 1\n')
  write(dir, 'tasks/ends.ts', 'process.exit(3)\n')
  const files = (await ask(env, dir)).of('handler files')
  t.deepEqual(
    files.map(({ level }) => level),
    ['failed', 'failed', 'failed'],
  )
  t.regex(files[0]!.text, /broken\.ts: Error .*Cannot find module/)
  t.regex(files[1]!.text, /ends\.ts: it ends the process/)
  t.regex(files[2]!.text, /plain\.ts: it has no default export that is a function/)
})

test('schedules that no beat fires, and those that cannot start what they are to', async t => {
  const { env, applyYaml, sql, clock } = await healthy(t, { idle: true })
  const spec = 'spec: { every: 1m, workflow: tick }'
  await applyYaml(
    `${workflow('Chain', 'tick', 'steps: [{ task: noop }]')}---\napiVersion: tq/v1\nkind: Schedule\nmetadata: { name: often }\n${spec}\n`,
  )
  t.deepEqual(
    (await ask(env)).of('schedules').map(({ level }) => level),
    ['ok'],
  )
  await clock.advanceMs(120_000)
  only(t, (await ask(env)).of('schedules'), 'failed', /^schedule "often" should have fired/, /^tq beat$/)
  await clock.advanceMs(-120_000)
  const problem = JSON.stringify({
    name: 'InvalidInput',
    message: 'day is missing',
    slot: '2027-01-01T00:00:00Z',
    at: '2027-01-01T00:00:00Z',
  })
  await sql`update schedule set problem = ${problem}::json`
  only(
    t,
    (await ask(env)).of('schedules'),
    'warning',
    /started nothing at 2027-01-01T00:00:00Z: InvalidInput: day is missing/,
    /^tq describe schedule often$/,
  )
})

test('hooks whose secret is not here', async t => {
  const { env, applyYaml } = await healthy(t)
  await applyYaml(
    `${workflow('Chain', 'pushed', 'steps: [{ task: noop }]')}---\napiVersion: tq/v1\nkind: Hook\nmetadata: { name: push }\nspec: { path: /push, verify: { scheme: github, secret: github/push }, workflow: pushed }\n`,
  )
  only(
    t,
    (await ask(env)).of('hooks'),
    'warning',
    /hook "push" verifies by the secret github\/push/,
    /^export TQ_SECRET_GITHUB__PUSH=/,
  )
  t.deepEqual((await ask({ ...env, TQ_SECRET_GITHUB__PUSH: 'x' })).bad, [])
})

test('tasks whose secret is not here', async t => {
  const { env, applyYaml } = await healthy(t)
  const step = "{ task: noop, with: { a: [\"{{ secret 'mail/token' }}\", \"x {{ default (secret 'other') '' }}\"] } }"
  await applyYaml(workflow('Chain', 'mails', `steps: [{ flow: [${step}, { task: noop }] }]`))
  const { of } = await ask({ ...env, TQ_SECRET_OTHER: 'x' })
  const [found] = of('secrets')
  t.is(of('secrets').length, 1)
  t.like(found, { level: 'warning', text: 'workflow/mails needs the secret mail/token, which is not here' })
  t.regex(found!.fix!, /^export TQ_SECRET_MAIL__TOKEN=/)
  t.deepEqual((await ask({ ...env, TQ_SECRET_OTHER: 'x', TQ_SECRET_MAIL__TOKEN: 'y' })).bad, [])
})

test('runs that fail more than before', async t => {
  const { env, applyYaml, run, clock } = await healthy(t)
  await applyYaml(workflow('Chain', 'breaks', 'steps: [{ task: fail, with: { name: Odd, message: so } }]'))
  await run('breaks')
  only(
    t,
    (await ask(env)).bad,
    'warning',
    /^1 run has failed within the hour, 0 in the one before$/,
    /^tq get runs --state failed --since 1h$/,
  )
  await clock.advanceMs(3_700_000)
  t.deepEqual(
    (await ask(env)).of('failures').map(({ level }) => level),
    ['ok'],
  )
})

test('a worker that goes away, and the command that says so exits with 1', async t => {
  const dir = project({ 'tasks/noop.ts': 'export default () => 1\n' })
  const { url } = await testDatabase()
  const env = { TQ_DATABASE_URL: url }
  await tqHere(dir, ['db', 'migrate'], env)
  const worker = tq(dir, ['worker'], { env })
  await until(async () => (await ask(env, dir)).of('workers')[0]?.level === 'ok')
  worker.kill('SIGTERM')
  await worker
  const { exitCode, stdout } = await tq(dir, ['doctor'], { env })
  t.is(exitCode, 1)
  t.regex(stdout, /^✖ workers +none is up, so nothing runs\n +fix: tq worker$/m)
})
