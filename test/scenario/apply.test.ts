import test from 'ava'
import { newJournal, testEngine, workflow } from '../support/engine.ts'

/** semantics A1 and A3: applying, pinning, idempotency keys. */
const engine = await testEngine()
test.after.always(() => engine.stop())

const task = (name: string, spec: string) =>
  `apiVersion: tq/v1\nkind: Task\nmetadata: { name: ${name} }\nspec: ${spec}\n`

test('the same content again makes no revision', async t => {
  const yaml = `${task('same', '{ handler: noop }')}---\n${workflow('Chain', 'same-chain', 'steps: [{ task: same }]')}`
  t.deepEqual(
    (await engine.applyYaml(yaml)).filter(c => c.name.startsWith('same')).map(c => `${c.action} ${c.revision}`),
    ['created 1', 'created 1'],
  )
  t.deepEqual(
    (await engine.applyYaml(yaml)).filter(c => c.name.startsWith('same')).map(c => `${c.action} ${c.revision}`),
    ['unchanged 1', 'unchanged 1'],
  )
  t.deepEqual(
    (await engine.applyYaml(`# a comment\n${yaml}`)).filter(c => c.name.startsWith('same')).map(c => c.action),
    ['unchanged', 'unchanged'],
  )
})

test('applying a Task recompiles the workflows that use it', async t => {
  await engine.applyYaml(
    `${task('used', '{ handler: fail }')}---\n${workflow('Chain', 'uses-it', 'steps: [{ id: a, task: used, with: {} }]')}`,
  )
  t.is((await engine.run('uses-it')).state, 'failed')
  const changes = await engine.applyYaml(task('used', '{ handler: echo }'))
  t.deepEqual(
    changes
      .filter(c => c.action === 'updated')
      .map(c => `${c.kind} ${c.name} ${c.revision}`)
      .sort(),
    ['task used 2', 'workflow uses-it 2'],
  )
  t.is((await engine.run('uses-it')).state, 'succeeded')
})

test('a run keeps the plan it started with', async t => {
  const journal = newJournal()
  const chain = (last: string) =>
    workflow(
      'Chain',
      'pinned',
      `
    steps:
      - { id: first, task: journal, with: { journal: "${journal.file}", name: first, gate: "${journal.gate('go')}" } }
      - { id: last, task: echo, with: ${last} }
  `,
    )
  await engine.applyYaml(chain('old'))
  const before = await engine.start('pinned')
  await journal.seen('start first')
  await engine.applyYaml(chain('new'))
  journal.open('go')
  t.is((await engine.ended(before)).output, 'old')
  t.is((await engine.run('pinned')).output, 'new')
})

test('an apply with an error in one document changes nothing', async t => {
  await t.throwsAsync(
    engine.applyYaml(
      `${task('half', '{ handler: noop }')}---\n${workflow('Chain', 'half-chain', 'steps: [{ task: no-such }]')}`,
    ),
  )
  await t.throwsAsync(engine.start('half', null), { code: 'NOT_FOUND' })
})

test('of many applies of one manifest at once some win, and each other one says so', async t => {
  const yaml = (i: number) => workflow('Chain', 'contended', `steps: [{ task: echo, with: ${i} }]`)
  const done = await Promise.allSettled(Array.from({ length: 6 }, (_, i) => engine.applyYaml(yaml(i))))
  const won = done.filter(one => one.status === 'fulfilled').length
  for (const one of done)
    if (one.status === 'rejected')
      t.regex(`${one.reason.code} ${one.reason.message}`, /^CONFLICT somebody else was first: workflow\/contended/)
  const revisions = await engine.sql<{
    revision: number
  }>`select revision from revision where name = 'contended' order by revision`
  t.deepEqual(
    revisions.map(row => row.revision),
    Array.from({ length: won }, (_, i) => i + 1),
  )
  t.true(won >= 1)
  t.is((await engine.sql`select from manifest where name = 'contended'`).length, 1)
})

test('the same idempotency key with the same input gives the first run, with another a conflict', async t => {
  await engine.applyYaml(
    workflow(
      'Chain',
      'once',
      'inputs: { x: { type: integer, default: 1 }, y: { type: integer, default: 2 } }\nsteps: [{ task: echo }]',
    ),
  )
  const first = await engine.start('once', { x: 1 }, 'k')
  t.is(await engine.start('once', { y: 2, x: 1 }, 'k'), first)
  await t.throwsAsync(engine.start('once', { x: 3 }, 'k'), { code: 'CONFLICT' })
  t.not(await engine.start('once', { x: 1 }, 'other'), first)
  await engine.ended(first)
  t.is(await engine.start('once', {}, 'k'), first)
})

test('ten starts at once under one key are one run', async t => {
  await engine.applyYaml(workflow('Chain', 'raced', 'steps: [{ task: noop }]'))
  const ids = await Promise.all(Array.from({ length: 10 }, () => engine.start('raced', {}, 'same')))
  t.is(new Set(ids).size, 1)
  t.is((await engine.ended(ids[0]!)).state, 'succeeded')
  t.is((await engine.sql`select from run where name = 'raced'`).length, 1)
})

test('a start with wrong inputs starts nothing', async t => {
  await engine.applyYaml(workflow('Chain', 'strict', 'inputs: { x: { type: integer } }\nsteps: [{ task: echo }]'))
  await t.throwsAsync(engine.start('strict', {}), { code: 'INVALID_INPUT' })
  await t.throwsAsync(engine.start('strict', { x: 'a' }), { code: 'INVALID_INPUT' })
  await t.throwsAsync(engine.start('strict', { x: 1, z: 1 }), { code: 'INVALID_INPUT' })
  t.is((await engine.sql`select from run where name = 'strict'`).length, 0)
})
