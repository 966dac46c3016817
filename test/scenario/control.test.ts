import test from 'ava'
import { documents, newJournal, testEngine, until, workflow } from '../support/engine.ts'

/** semantics R7, R10, R13: cancelling, and queues. */
const engine = await testEngine({ leaseMs: 10_000 })
test.after.always(() => engine.stop())

const queue = (name: string, spec: string) =>
  `apiVersion: tq/v1\nkind: Queue\nmetadata: { name: ${name} }\nspec: ${spec}\n`

test('cancel: running jobs get the signal, queued and blocked ones never start, finally runs', async t => {
  const journal = newJournal()
  const to = (name: string, more = '') =>
    `{ id: ${name}, task: journal, with: { journal: "${journal.file}", name: ${name}${more} } }`
  await engine.applyYaml(
    documents(
      queue('closed', '{ paused: true }'),
      workflow(
        'Chain',
        'to-cancel',
        `
    steps:
      - group:
          - ${to('runs', `, gate: "${journal.gate('never')}"`)}
          - { id: queued, task: noop, queue: closed }
          - { id: scheduled, task: fail, with: {}, retry: { max: 1, delay: 1h, maxDelay: 1h, jitter: none } }
          - { id: inside, finally: [${to('inner-finally')}], chain: [{ id: w, task: noop, queue: closed }, { id: never, task: noop }] }
      - ${to('blocked')}
    onError: [{ do: [${to('not-for-cancelled')}] }]
    finally: [{ id: state, task: echo, with: "{{ run.state }}" }, ${to('last')}]
  `,
      ),
    ),
  )
  const id = await engine.start('to-cancel')
  await journal.seen('start runs')
  await until(async () => (await engine.sql`select from job where run = ${id} and phase = 'scheduled'`).length > 0)
  t.true(await engine.cancel(id))
  const run = await engine.ended(id)
  t.is(run.state, 'cancelled')
  t.true(journal.lines().includes('abort runs'))
  t.true(journal.lines().includes('end last'))
  t.true(journal.lines().includes('end inner-finally'))
  t.false(journal.lines().some(line => line.includes('blocked') || line.includes('not-for-cancelled')))
  t.is(run.jobs.find(job => job.path.endsWith('state'))!.output, 'cancelled')
  t.is((await engine.sql`select from job where run = ${id}`).length, 0)
  t.false(await engine.cancel(id))
})

test('cancel of a run that has not started anything', async t => {
  await engine.applyYaml(
    documents(
      queue('shut', '{ paused: true }'),
      workflow(
        'Chain',
        'not-begun',
        `
    steps: [{ task: noop, queue: shut }, { task: noop }]
  `,
      ),
      `apiVersion: tq/v1\nkind: Task\nmetadata: { name: alone }\nspec: { handler: noop, queue: shut }\n`,
    ),
  )
  for (const name of ['not-begun', 'alone']) {
    const id = await engine.start(name)
    await engine.cancel(id)
    t.is((await engine.ended(id)).state, 'cancelled', name)
  }
})

test('cancel of a forEach of many: those that wait for their turn are never made', async t => {
  const journal = newJournal()
  await engine.applyYaml(
    workflow(
      'Chain',
      'many-to-cancel',
      `
    inputs: { list: { type: array } }
    steps: [{ id: each, forEach: { in: "{{ inputs.list }}", as: x }, task: journal, with: { journal: "${journal.file}", name: x, gate: "${journal.gate('never')}" } }]
  `,
    ),
  )
  const id = await engine.start('many-to-cancel', { list: Array.from({ length: 5000 }, (_, i) => i) })
  await journal.seen('start x')
  await engine.cancel(id)
  const run = await engine.ended(id)
  t.is(run.state, 'cancelled')
  t.is((await engine.sql`select from job where run = ${id}`).length, 0)
})

test('a handler that does not listen to the signal is killed after the grace', async t => {
  const journal = newJournal()
  await engine.applyYaml(
    workflow(
      'Chain',
      'deaf',
      `
    steps: [{ id: deaf, task: deaf, with: { journal: "${journal.file}" } }]
    finally: [{ id: f, task: echo, with: done }]
  `,
    ),
  )
  const id = await engine.start('deaf')
  await journal.seen('start deaf')
  await engine.cancel(id)
  const run = await engine.ended(id)
  t.is(run.state, 'cancelled')
  t.is(run.job('deaf').state, 'cancelled')
})

test('a result that comes before the cancel wins', async t => {
  await engine.applyYaml(workflow('Chain', 'quick', 'steps: [{ id: a, task: echo, with: 1 }]'))
  const run = await engine.run('quick')
  t.false(await engine.cancel(run.id))
  t.is((await engine.ended(run.id)).state, 'succeeded')
})

test('priority: 9 first, inside a queue', async t => {
  const journal = newJournal()
  const name = 'order'
  await engine.applyYaml(
    documents(
      queue(name, '{ paused: true, concurrency: 1 }'),
      workflow(
        'Group',
        name,
        `
    steps:
      ${[3, 9, 0, 5, 7].map(p => `- { task: journal, queue: ${name}, priority: ${p}, with: { journal: "${journal.file}", name: p${p} } }`).join('\n      ')}
  `,
      ),
    ),
  )
  const id = await engine.start(name)
  await until(async () => (await engine.sql`select from job where run = ${id} and phase = 'ready'`).length === 5)
  await engine.applyYaml(queue(name, '{ concurrency: 1 }'))
  t.is((await engine.ended(id)).state, 'succeeded')
  t.deepEqual(
    journal
      .lines()
      .filter(line => line.startsWith('start'))
      .map(line => line.slice(6)),
    ['p9', 'p7', 'p5', 'p3', 'p0'],
  )
})

test('a paused queue blocks no decision: skips, empty containers and joins go on', async t => {
  await engine.applyYaml(
    documents(
      queue('stopped', '{ paused: true }'),
      workflow(
        'Chain',
        'goes-on',
        `
    inputs: { no: { type: boolean, default: false } }
    steps:
      - { id: a, when: "{{ inputs.no }}", task: noop, queue: stopped }
      - { id: b, group: [{ when: "{{ inputs.no }}", task: noop, queue: stopped }, { chain: [] }] }
      - { id: c, forEach: { in: [] }, task: noop, queue: stopped }
      - { id: d, forEach: { in: [1, 2], as: x }, chain: [{ when: "{{ gt x 5 }}", task: noop, queue: stopped }] }
  `,
      ),
    ),
  )
  const run = await engine.run('goes-on')
  t.is(run.state, 'succeeded')
  t.deepEqual(run.output, [1, 2])
})

test('a queue is paused and goes on live', async t => {
  await engine.applyYaml(
    documents(
      queue('tap', '{ paused: true }'),
      workflow('Chain', 'tapped', 'steps: [{ task: echo, queue: tap, with: 1 }]'),
    ),
  )
  const id = await engine.start('tapped')
  await until(
    async () =>
      (await engine.sql`select from job where run = ${id} and phase = 'ready' and session is null`).length === 1,
  )
  await engine.applyYaml(queue('tap', '{}'))
  t.is((await engine.ended(id)).output, 1)
})

test('the concurrency of a queue bounds all runs together', async t => {
  const journal = newJournal()
  await engine.applyYaml(
    documents(
      queue('narrow', '{ concurrency: 1 }'),
      workflow(
        'Group',
        'wide',
        `
    steps:
      ${Array.from({ length: 6 }, (_, i) => `- { task: journal, queue: narrow, with: { journal: "${journal.file}", name: n${i}, ms: 5 } }`).join('\n      ')}
  `,
      ),
    ),
  )
  const ids = await Promise.all([engine.start('wide'), engine.start('wide')])
  for (const id of ids) t.is((await engine.ended(id)).state, 'succeeded')
  t.is(journal.peak(), 1)
  t.is(journal.lines().length, 24)
})
