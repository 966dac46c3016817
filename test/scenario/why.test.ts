import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { why } from '../../engine/client.ts'
import { readRuns } from '../../engine/store/run.ts'
import { newJournal, testEngine, type TestEngine, until, workflow } from '../support/engine.ts'

let engine: TestEngine
test.before(async () => {
  engine = await testEngine({ queues: ['default', 'quiet', 'one', 'slow'] })
  await engine.applyYaml(
    ['quiet', 'one', 'slow', 'lonely']
      .map(
        name =>
          `apiVersion: tq/v1\nkind: Queue\nmetadata: { name: ${name} }\nspec: ${
            { quiet: '{ paused: true }', one: '{ concurrency: 1 }', slow: '{ rateLimit: 1/h }' }[name] ?? '{}'
          }\n`,
      )
      .join('---\n'),
  )
})
test.after.always(() => engine?.stop())

const askOf = async (own: TestEngine, run: string) => {
  const [row] = await readRuns(own.sql, [run])
  return why(own.context, { run, plan: row!.plan })
}
/** Waits until a job of this path is told of with these words. */
const saysOf = (own: TestEngine, run: string, job: string, words: RegExp) =>
  until(async () => (await askOf(own, run)).find(one => one.job === job && words.test(one.why)))
const on = (queue: string) => `{ id: a, task: noop, queue: ${queue} }`
const started = async (name: string, steps: string, own = engine) => {
  await own.applyYaml(workflow('Chain', name, `steps: [${steps}]`))
  return own.start(name)
}

test('a queue that no worker serves, and the command that would', async t => {
  const id = await started('unserved', on('lonely'))
  const { state, way } = await saysOf(engine, id, 'a', /^no worker serves queue lonely; worker test serves others$/)
  t.is(state, 'queued')
  t.regex(way!, /tq worker -Q lonely; or tell one: tq control add-queue lonely/)
})

test('a paused queue', async t => {
  const { way } = await saysOf(engine, await started('paused', on('quiet')), 'a', /^queue quiet is paused$/)
  t.regex(way!, /paused: false/)
})

test("a queue's concurrency, who goes before, and the one that runs", async t => {
  const journal = newJournal()
  const step = `{ id: a, task: journal, queue: one, with: { journal: "${journal.file}", name: a, gate: "${journal.gate('go')}" } }`
  const first = await started('takes-it', step)
  await journal.seen('start a')
  t.regex((await saysOf(engine, first, 'a', /^worker test \(pid \d+\) runs it, attempt 1$/)).way!, /tq logs/)
  const second = await engine.start('takes-it')
  await saysOf(engine, second, 'a', /^queue one runs 1 at once \(its concurrency\), and that many run; it is the next$/)
  const third = await engine.start('takes-it')
  await saysOf(engine, third, 'a', /that many run; 1 job goes before it$/)
  journal.open('go')
  t.is((await engine.ended(third)).state, 'succeeded')
})

test("a queue's rate limit", async t => {
  await engine.ended(await started('rated', on('slow')))
  const id = await engine.start('rated')
  const { state } = await saysOf(engine, id, 'a', /^queue slow gives 1\/h \(its rateLimit\); it is the next$/)
  t.is(state, 'queued')
})

test('a handler that no worker has', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'tq-'))
  const own = await testEngine({ idle: true })
  t.teardown(own.stop)
  const other = await testEngine({ url: own.url, handlersDir: dir })
  t.teardown(other.stop)
  const id = await started('unhandled', '{ id: a, task: noop }', own)
  const { way } = await saysOf(own, id, 'a', /^no worker .*has the handler noop/)
  t.regex(way!, /put noop\.ts into the workers' tasks\//)
})

test('a retry that is to come, with what it failed of and which it is', async t => {
  const id = await started(
    'again',
    '{ id: a, task: fail, with: { name: Odd, message: so }, retry: { max: 3, delay: 5m, jitter: none } }',
  )
  const { state } = await saysOf(engine, id, 'a', /^it failed with Odd: so; retry 1 of 3 comes in (5m|4m\d+s)$/)
  t.is(state, 'scheduled')
  await engine.cancel(id)
})

test('a step that waits for another, and what is open around them; items alike are told of once', async t => {
  const id = await started(
    'waits',
    `{ id: many, forEach: { in: [1, 2, 3] }, task: noop, queue: lonely }, { id: then, task: noop }`,
  )
  await saysOf(engine, id, 'then', /^it waits for many$/)
  const items = await saysOf(engine, id, 'many[0]', /^no worker serves/)
  t.is(items.jobs, 3)
  await saysOf(engine, id, 'many', /^it is open: 3 of what is inside have not ended$/)
})

test('nobody is up', async t => {
  const own = await testEngine({ idle: true })
  t.teardown(own.stop)
  const id = await started('alone', '{ id: a, task: noop }', own)
  const { way } = await saysOf(own, id, 'a', /^no worker is up, so none serves queue default$/)
  t.is(way, 'start one: tq worker, or tq dev')
})

test('a worker that is not heard of any more, and a job that lost its workers', async t => {
  const own = await testEngine({ leaseMs: 60_000 })
  t.teardown(own.stop)
  const journal = newJournal()
  const step = `{ id: a, task: journal, with: { journal: "${journal.file}", name: a, gate: "${journal.gate('go')}" } }`
  const id = await started('lost', step, own)
  await journal.seen('start a')
  await own.sql`update session set lease_ends_at = clock_now() - interval '5 seconds' where ended_at is null`
  const { way } = await saysOf(
    own,
    id,
    'a',
    /^worker test \(pid \d+\) held it and has not been heard of for \d+s; it is given back/,
  )
  t.is(way, 'tq worker, or tq dev, where none is up')
  journal.open('go')

  const idle = await testEngine({ idle: true })
  t.teardown(idle.stop)
  const waits = await started('lost-before', '{ id: a, task: noop }', idle)
  await idle.sql`update job set phase = 'scheduled', lost = 2, due_at = clock_now() + interval '1 minute' where run = ${waits} and node = 1`
  await saysOf(idle, waits, 'a', /^it lost its worker 2 of 3 times; it is tried again in (1m|\d+s)$/)
})
