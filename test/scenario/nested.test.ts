import test from 'ava'
import { documents, newJournal, testEngine, until, workflow } from '../support/engine.ts'

/** Where rules meet: rounds in items, blocks in rounds, cancels in blocks. */
const engine = await testEngine({ leaseMs: 10_000, slots: 2 })
test.after.always(() => engine.stop())

const flaky = (times: number | string, dir: string) => `{ times: ${times}, dir: "${dir}" }`

test('a container that is retried inside a forEach: each item has its rounds, and sees its own steps', async t => {
  const journal = newJournal()
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: each
        forEach: { in: [a, b, c], as: x }
        retry: { max: 2, delay: 1ms }
        chain:
          - { id: one, task: echo, with: "{{ x }}1" }
          - { id: gate, task: opens, with: { file: "${journal.dir}/{{ x }}", seen: "{{ steps.one.output }}" } }
          - { id: last, task: echo, with: "{{ steps.one.output }}/{{ steps.gate.output }}/{{ loop.index }}" }
  `,
  )
  t.is(run.state, 'succeeded')
  t.deepEqual(run.output, ['a1/a1/0', 'b1/b1/1', 'c1/c1/2'])
})

test('a forEach inside a container that is retried: items of each round are its own', async t => {
  const journal = newJournal()
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: round
        retry: { max: 1, delay: 1ms }
        chain:
          - { id: list, task: echo, with: [1, 2, 3] }
          - { id: each, forEach: { in: "{{ steps.list.output }}", as: x }, chain: [{ task: echo, with: "{{ x }}" }] }
          - { id: gate, task: opens, with: { file: "${journal.gate('g')}", seen: "{{ steps.each.output }}" } }
      - { id: after, task: echo }
  `,
  )
  t.is(run.state, 'succeeded')
  t.deepEqual(run.output, [1, 2, 3])
  t.is(run.jobs.filter(job => job.path.startsWith('round/each') && job.item !== null).length, 6)
})

test('a round within a round', async t => {
  const journal = newJournal()
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: outer
        retry: { max: 1, delay: 1ms }
        chain:
          - id: inner
            retry: { max: 1, delay: 1ms }
            chain:
              - { id: a, task: echo, with: x }
              - { id: g, task: opens, with: { file: "${journal.gate('inner')}", seen: "{{ steps.a.output }}" } }
          - { id: g, task: opens, with: { file: "${journal.gate('outer')}", seen: "{{ steps.inner.output }}" } }
  `,
  )
  t.is(run.state, 'succeeded')
  t.is(run.output, 'x')
})

test('blocks in a container that is retried run in each round; those of the container once', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: round
        retry: { max: 1, delay: 1ms }
        onError: [{ recover: true, do: [{ id: saved, task: echo, with: "{{ error.name }}" }] }]
        finally: [{ id: last, task: noop }]
        chain:
          - { id: a, task: echo, with: 1, finally: [{ id: inner, task: noop }] }
          - { id: b, task: fail, with: { name: Bad }, onError: [{ do: [{ id: note, task: noop }] }] }
  `,
  )
  t.is(run.state, 'succeeded')
  t.is(run.output, 'Bad')
  const count = (name: string) => run.jobs.filter(job => job.path.endsWith(name) && job.state === 'succeeded').length
  t.deepEqual([count('inner'), count('note'), count('saved'), count('last')], [2, 2, 1, 1])
})

test('a deadline of a container that is retried holds for all rounds', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: round
        retry: { max: 1000, delay: 1ms, backoff: fixed, jitter: none }
        deadline: 200ms
        finally: [{ id: last, task: noop }]
        chain: [{ id: bad, task: fail, with: { name: Bad } }]
  `,
  )
  t.is(run.state, 'failed')
  t.is(run.error!.name, 'Timeout')
  t.is(run.jobs.filter(job => job.path.endsWith('last')).length, 1)
})

test('a deadline in items of a forEach is each item’s own', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: each
        forEach: { in: [1, 60000], as: ms, maxFailures: 1 }
        deadline: 2s
        chain: [{ task: sleep, with: { ms: "{{ ms }}" } }, { task: echo, with: "{{ ms }}" }]
  `,
  )
  t.is(run.state, 'succeeded')
  t.deepEqual(run.output, [1, null])
})

test('a run of a Task by itself: retried, failed, with its output', async t => {
  await engine.applyYaml(`apiVersion: tq/v1
kind: Task
metadata: { name: lone-flaky }
spec: { handler: flaky, retry: { max: 1, delay: 1ms } }
---
apiVersion: tq/v1
kind: Task
metadata: { name: lone-fail }
spec: { handler: fail }
`)
  const run = await engine.run('lone-flaky', { times: 1, dir: newJournal().dir })
  t.is(run.state, 'succeeded')
  t.is(run.output, 2)
  const bad = await engine.run('lone-fail', { name: 'Bad' })
  t.is(bad.state, 'failed')
  t.is(bad.error!.name, 'Bad')
})

test('an expression that fails in an output, a block, a where', async t => {
  const run = await engine.try(
    'Group',
    `
    inputs: { o: { type: object, default: {} } }
    steps:
      - { id: out, task: echo, with: 1, output: "{{ self.output.x.y }}" }
      - { id: group, group: [{ id: a, task: noop }], output: "{{ inputs.o.x }}" }
      - { id: block, task: fail, with: { name: Bad }, onError: [{ recover: true, do: [{ task: echo, with: "{{ inputs.o.x }}" }] }] }
      - { id: where, forEach: { in: [1], as: x, where: "{{ inputs.o.flag }}" }, task: noop }
      - { id: good, task: noop, finally: [{ task: echo, with: "{{ inputs.o.x }}" }] }
  `,
  )
  t.is(run.state, 'failed')
  t.is(run.job('out').error!.name, 'ExpressionError')
  t.is(run.job('group').error!.name, 'ExpressionError')
  t.is(run.job('block').error!.name, 'Bad')
  t.is(run.job('where').error!.name, 'ExpressionError')
  t.is(run.job('good').state, 'succeeded')
})

test('an output of the workflow that has no value fails the run, and its onError hears of it', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { o: { type: object, default: {} } }
    steps: [{ id: a, task: echo, with: 1 }]
    output: "{{ inputs.o.x }}"
    onError: [{ do: [{ id: told, task: echo, with: "{{ error.name }}" }] }]
  `,
  )
  t.is(run.state, 'failed')
  t.is(run.error!.name, 'ExpressionError')
  t.is(run.jobs.find(job => job.path.endsWith('told'))!.output, 'ExpressionError')
})

test('cancel while an onError block runs, and while finally runs', async t => {
  const journal = newJournal()
  const held = (name: string) =>
    `{ id: ${name}, task: journal, with: { journal: "${journal.file}", name: ${name}, gate: "${journal.gate(name)}" } }`
  await engine.applyYaml(
    documents(
      workflow(
        'Chain',
        'in-handler',
        `
      steps: [{ id: bad, task: fail, with: { name: Bad }, onError: [{ recover: true, do: [${held('handler')}, { task: noop }] }], finally: [{ id: f, task: noop }] }]
      finally: [{ id: last, task: echo, with: "{{ run.state }}" }]
    `,
      ),
      workflow(
        'Chain',
        'in-finally',
        `
      steps: [{ id: ok, task: echo, with: 1 }]
      finally: [${held('final')}, { id: last, task: noop }]
    `,
      ),
    ),
  )
  const [one, two] = [await engine.start('in-handler'), await engine.start('in-finally')]
  await journal.seen('start handler')
  await journal.seen('start final')
  await engine.cancel(one)
  await engine.cancel(two)
  const first = await engine.ended(one)
  t.is(first.state, 'cancelled')
  t.is(first.jobs.find(job => job.path.endsWith('last'))!.output, 'cancelled')
  t.is(first.jobs.filter(job => job.path.endsWith('/f') || job.path === 'f').length <= 1, true)
  journal.open('final')
  const second = await engine.ended(two)
  t.true(journal.lines().includes('end final'), 'finally runs to its end')
  t.true(second.jobs.some(job => job.path.endsWith('last') && job.state === 'succeeded'))
  t.is((await engine.sql`select from job where run in (${one}, ${two})`).length, 0)
})

test('cancel while a container waits for its next round', async t => {
  await engine.applyYaml(
    workflow(
      'Chain',
      'between-rounds',
      `
    steps:
      - id: round
        retry: { max: 3, delay: 1h, maxDelay: 1h, jitter: none }
        chain: [{ id: bad, task: fail, with: {} }]
    finally: [{ id: last, task: noop }]
  `,
    ),
  )
  const id = await engine.start('between-rounds')
  await until(async () => (await engine.sql`select from job where run = ${id} and phase = 'scheduled'`).length === 1)
  await engine.cancel(id)
  const run = await engine.ended(id)
  t.is(run.state, 'cancelled')
  t.is(run.job('finally/last').state, 'succeeded')
})

test('stopOnFailure with items that hold blocks: those that began end with them', async t => {
  const journal = newJournal()
  const run = await engine.try(
    'Chain',
    `
    inputs: { list: { type: array } }
    steps:
      - id: each
        forEach: { in: "{{ inputs.list }}", as: x, concurrency: 2, stopOnFailure: true }
        finally: [{ id: end, task: journal, with: { journal: "${journal.file}", name: "f{{ x }}" } }]
        chain: [{ id: a, task: echo }, { id: b, when: "{{ eq x 1 }}", task: fail, with: {} }]
    finally: [{ id: last, task: noop }]
  `,
    { list: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
  )
  t.is(run.state, 'failed')
  t.true(run.jobs.some(job => job.path.endsWith('last') && job.state === 'succeeded'))
  t.true(journal.lines().includes('end f1'))
  const started = run.jobs.filter(job => job.path === 'each/a' && job.state !== 'cancelled').length
  t.true(started < 10, `${started} items began`)
})

test('allowFailure with onError: the block runs, the failure is a warning', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - { id: bad, task: fail, with: { name: Bad }, allowFailure: true, onError: [{ do: [{ id: note, task: echo, with: "{{ error.name }}" }] }] }
      - { id: next, task: echo, with: "{{ steps.bad.state }}" }
  `,
  )
  t.is(run.state, 'succeeded')
  t.is(run.output, 'failed')
  t.is(run.warnings, 1)
  t.true(run.jobs.some(job => job.path.endsWith('note') && job.output === 'Bad'))
})

test('a failure allowed on a container counts once, whatever failed in it', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - { id: both, allowFailure: true, group: [{ id: a, task: fail, with: {} }, { id: b, task: fail, with: {}, allowFailure: true }, { id: c, task: noop }] }
      - { id: next, task: echo, with: 1 }
  `,
  )
  t.is(run.state, 'succeeded')
  t.is(run.warnings, 2)
})

test('a hundred steps in a row, a hundred side by side, and ten deep', async t => {
  const deep = (n: number): string => (n === 0 ? '{ task: echo }' : `{ id: d${n}, chain: [${deep(n - 1)}] }`)
  const run = await engine.try(
    'Chain',
    `
    steps:
      - { id: first, task: echo, with: [1] }
      ${Array.from({ length: 100 }, () => '- { task: echo }').join('\n      ')}
      - ${deep(10)}
      - { id: wide, group: [${Array.from({ length: 100 }, () => '{ task: echo }').join(', ')}] }
  `,
  )
  t.is(run.state, 'succeeded')
  t.deepEqual(
    run.output,
    Array.from({ length: 100 }, () => [1]),
  )
})

test('retries of many items at once: each counts for itself', async t => {
  const journal = newJournal()
  const run = await engine.try(
    'Chain',
    `
    inputs: { list: { type: array } }
    steps:
      - { id: each, forEach: { in: "{{ inputs.list }}", as: x, concurrency: 20 }, task: flaky, with: ${flaky('"{{ x }}"', journal.dir)}, retry: { max: 3, delay: 1ms } }
  `,
    { list: Array.from({ length: 120 }, (_, i) => i % 4) },
  )
  t.is(run.state, 'succeeded')
  t.deepEqual(
    run.output,
    Array.from({ length: 120 }, (_, i) => (i % 4) + 1),
  )
})
