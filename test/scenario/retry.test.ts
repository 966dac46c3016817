import test from 'ava'
import { newJournal, testEngine } from '../support/engine.ts'

/** semantics L9: retry, timeout, deadline. */
const engine = await testEngine({ leaseMs: 10_000 })
test.after.always(() => engine.stop())

test('retry counts retries: two of them are three attempts', async t => {
  const run = await engine.try(
    'Group',
    `
    steps:
      - { id: enough, task: flaky, with: { times: 2, dir: "${newJournal().dir}" }, retry: { max: 2, delay: 1ms } }
      - { id: too-few, task: flaky, with: { times: 3, dir: "${newJournal().dir}" }, retry: { max: 2, delay: 1ms } }
      - { id: none, task: flaky, with: { times: 1, dir: "${newJournal().dir}" } }
      - { id: only, task: flaky, with: { times: 1, dir: "${newJournal().dir}" }, retry: { max: 2, delay: 1ms, only: [Other] } }
      - { id: except, task: flaky, with: { times: 1, dir: "${newJournal().dir}" }, retry: { max: 2, delay: 1ms, except: [Flaky] } }
  `,
  )
  t.is(run.job('enough').output, 3)
  t.like(run.states(), { enough: 'succeeded', 'too-few': 'failed', none: 'failed', only: 'failed', except: 'failed' })
  t.regex(String(run.job('too-few').error!.message), /^try 3/)
  t.regex(String(run.job('except').error!.message), /^try 1/)
  const attempts = await engine.sql<{ state: string; final: boolean }>`
  select state, final from outcome where run = ${run.id} and n = ${run.job('enough').n} order by attempt`
  t.deepEqual(attempts, [
    { state: 'failed', final: false },
    { state: 'failed', final: false },
    { state: 'succeeded', final: true },
  ])
})

test('retry on a container starts its scope afresh, with another idempotency key', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: round
        retry: { max: 2, delay: 1ms }
        chain:
          - { id: facts, task: context }
          - { id: bad, task: fail, with: { name: Bad } }
      `,
  )
  t.is(run.state, 'failed')
  const rounds = run.jobs.filter(job => job.path === 'round/facts')
  t.is(rounds.length, 3)
  t.is(new Set(rounds.map(job => (job.output as { idempotencyKey: string }).idempotencyKey)).size, 3)
})

test('a later round sees its own steps, and what is after the container the last round', async t => {
  const journal = newJournal()
  const name = 'rounds'
  await engine.applyYaml(`apiVersion: tq/v1
kind: Chain
metadata: { name: ${name} }
spec:
  steps:
    - id: round
      retry: { max: 3, delay: 1ms }
      group:
        - id: in
          chain:
            - { id: a, task: context }
            - { id: gate, task: opens, with: { file: "${journal.gate('x')}", seen: "{{ steps.a.output.idempotencyKey }}" } }
    - { id: after, task: echo }
`)
  const run = await engine.run(name)
  t.is(run.state, 'succeeded')
  const last = run.jobs.filter(job => job.path === 'round/in/a').at(-1)!
  t.deepEqual(run.output, [(last.output as { idempotencyKey: string }).idempotencyKey])
})

test('retry on a forEach wraps each item, and each has its own attempts', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: each
        forEach: { in: [0, 1, 2], as: times }
        task: flaky
        with: { times: "{{ times }}", dir: "${newJournal().dir}" }
        retry: { max: 2, delay: 1ms }
  `,
  )
  t.deepEqual(run.output, [1, 2, 3])
})

test('a timeout limits one attempt', async t => {
  const run = await engine.try(
    'Group',
    `
    steps:
      - { id: slow, task: sleep, with: { ms: 60000 }, timeout: 50ms, retry: { max: 1, delay: 1ms } }
      - { id: fast, task: sleep, with: { ms: 1 }, timeout: 10s }
  `,
  )
  t.is(run.job('slow').error!.name, 'Timeout')
  t.is((await engine.sql`select from outcome where run = ${run.id} and n = ${run.job('slow').n}`).length, 2)
  t.is(run.job('fast').state, 'succeeded')
})

test('a deadline limits a step with its retries, and passes as Timeout', async t => {
  const run = await engine.try(
    'Group',
    `
    steps:
      - { id: runs, task: sleep, with: { ms: 60000 }, deadline: 100ms, retry: { max: 5, delay: 1ms } }
      - { id: waits, task: flaky, with: { times: 9, dir: "${newJournal().dir}" }, deadline: 100ms, retry: { max: 5, delay: 1h, jitter: none } }
      - { id: recovers, task: sleep, with: { ms: 60000 }, deadline: 100ms, onError: [{ on: [Timeout], recover: true, do: [{ task: echo, with: late }] }] }
  `,
  )
  t.is(run.job('runs').error!.name, 'Timeout')
  t.is(run.job('waits').error!.name, 'Timeout')
  t.is(run.job('recovers').output, 'late')
})

test('a deadline of a container ends what is in it', async t => {
  const own = await testEngine({ concurrency: 4 }) // none of its steps waits for another's child
  t.teardown(own.stop)
  const run = await own.try(
    'Chain',
    `
    steps:
      - id: limited
        deadline: 2s
        onError: [{ on: [Timeout], recover: true, do: [{ task: echo, with: "{{ error.name }}" }] }]
        group:
          - { id: done, task: noop }
          - { id: slow, task: sleep, with: { ms: 60000 } }
          - { id: chain, chain: [{ id: slower, task: sleep, with: { ms: 60000 } }, { id: never, task: noop }] }
      - { id: after, task: echo }
  `,
  )
  t.is(run.state, 'succeeded')
  t.is(run.output, 'Timeout')
  t.is(run.job('limited/done').state, 'succeeded')
  t.is(run.job('limited/slow').state, 'cancelled')
})

test('a deadline of the workflow: the run is failed with Timeout, finally runs', async t => {
  const run = await engine.try(
    'Chain',
    `
    deadline: 150ms
    steps:
      - { id: slow, task: sleep, with: { ms: 60000 } }
      - { id: next, task: noop }
    finally: [{ id: state, task: echo, with: "{{ run.state }}" }]
  `,
  )
  t.is(run.state, 'failed')
  t.is(run.error!.name, 'Timeout')
  t.is(run.jobs.find(job => job.path.endsWith('state'))!.output, 'failed')
})

test('a deadline passes over a step that waits in a paused queue', async t => {
  await engine.applyYaml('apiVersion: tq/v1\nkind: Queue\nmetadata: { name: shut }\nspec: { paused: true }\n')
  const run = await engine.try(
    'Chain',
    `
    steps: [{ id: waits, task: noop, queue: shut, deadline: 100ms }]
  `,
  )
  t.is(run.state, 'failed')
  t.is(run.error!.name, 'Timeout')
})

test('attempts count tries of the handler, not the claims that blocks need', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: once
        task: noop
        finally: [{ task: noop }]
      - id: thrice
        task: fail
        with: { name: Offline, message: m }
        retry: { max: 2, delay: 1ms }
        onError: [{ recover: true, do: [{ task: noop }] }]
      - id: told
        task: echo
        with: { once: "{{ steps.once.attempts }}", thrice: "{{ steps.thrice.attempts }}" }
  `,
  )
  t.deepEqual(run.output, { once: 1, thrice: 3 })
})
