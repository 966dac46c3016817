import test from 'ava'
import { cancelRun, cancelStep } from '../../engine/client.ts'
import { documents, newJournal, testEngine, until, workflow } from '../support/engine.ts'

/** semantics R7: cancelling single steps. */
const engine = await testEngine({ leaseMs: 10_000, slots: 20 })
test.after.always(() => engine.stop())

const cancel = (run: string, step: string) => cancelStep(engine.context, { run, step, reason: 'the test says so' })
const rows = (run: string) => engine.sql<{ n: number }>`select n from job where run = ${run}`

test.before(() =>
  engine.applyYaml('apiVersion: tq/v1\nkind: Queue\nmetadata: { name: closed }\nspec: { paused: true }\n'),
)

test('a running step gets the signal and its finally runs; what depends on it is omitted, and the run fails', async t => {
  const journal = newJournal()
  const to = (name: string, more = '') => `task: journal, with: { journal: "${journal.file}", name: ${name}${more} }`
  await engine.applyYaml(
    workflow(
      'Chain',
      'step-runs',
      `
    steps:
      - { id: a, ${to('a', `, gate: "${journal.gate('never')}"`)}, retry: { max: 5, delay: 1ms }, onError: [{ do: [{ id: no, ${to('no')} }] }], finally: [{ id: f, ${to('f')} }] }
      - { id: b, ${to('b')} }
    onError: [{ do: [{ id: told, task: echo, with: "{{ error.name }} {{ error.step }}" }] }]
  `,
    ),
  )
  const id = await engine.start('step-runs')
  await journal.seen('start a')
  t.true(await cancel(id, 'a'))
  const run = await engine.ended(id)
  t.is(run.state, 'failed')
  t.like(run.error, { name: 'Cancelled', step: 'a' })
  t.is(run.job('a').state, 'cancelled')
  t.is(run.job('b').state, 'omitted')
  t.is(run.jobs.find(job => job.path.endsWith('told'))!.output, 'Cancelled a')
  t.deepEqual(journal.lines(), ['start a', 'abort a', 'start f', 'end f'])
  t.false(await cancel(id, 'a'))
  t.is((await rows(id)).length, 0)
})

test('a step that has not started never does: queued in a paused queue, waiting for its retry, or for other steps', async t => {
  const journal = newJournal()
  const gate = journal.gate('first')
  await engine.applyYaml(
    workflow(
      'Flow',
      'step-waits',
      `
    steps:
      - { id: queued, task: noop, queue: closed, finally: [{ id: f1, task: noop }] }
      - { id: retried, task: fail, with: {}, retry: { max: 1, delay: 1h, maxDelay: 1h }, finally: [{ id: f2, task: noop }] }
      - { id: first, task: journal, with: { journal: "${journal.file}", name: first, gate: "${gate}" } }
      - { id: second, needs: [first], task: noop }
      - { id: third, needs: [second], task: noop }
      - { id: after, needs: [{ step: queued, on: failed }], task: echo, with: "{{ steps.queued.error.message }}" }
  `,
    ),
  )
  const id = await engine.start('step-waits')
  await journal.seen('start first')
  await until(async () => (await engine.sql`select from job where run = ${id} and phase = 'scheduled'`).length === 1)
  for (const step of ['queued', 'retried', 'second']) t.true(await cancel(id, step), step)
  await until(async () => (await rows(id)).length === 4) // the flow, what runs, and what waits for that
  t.deepEqual(journal.lines(), ['start first'])
  journal.open('first')
  const run = await engine.ended(id)
  t.is(run.state, 'failed')
  t.like(run.states(), {
    queued: 'cancelled',
    retried: 'cancelled',
    first: 'succeeded',
    second: 'cancelled',
    third: 'omitted',
    after: 'succeeded',
  })
  t.is(run.job('after').output, 'the test says so')
  t.deepEqual(
    run.jobs.filter(job => /f\d$/.test(job.path)).map(job => job.path),
    ['retried/finally/f2'],
  )
})

test('a cancelled step that may fail fails nothing', async t => {
  await engine.applyYaml(
    workflow(
      'Chain',
      'step-allowed',
      `
    steps:
      - { id: a, task: noop, queue: closed, allowFailure: true }
      - { id: b, task: echo, with: "{{ steps.a.state }}" }
  `,
    ),
  )
  const id = await engine.start('step-allowed')
  t.true(await cancel(id, 'a'))
  t.is((await engine.ended(id)).output, 'cancelled')
})

test('a container is cancelled with all that is in it; what stands beside it goes on', async t => {
  const journal = newJournal()
  const to = (name: string, gate = 'never') =>
    `{ id: ${name}, task: journal, with: { journal: "${journal.file}", name: ${name}, gate: "${journal.gate(gate)}" } }`
  await engine.applyYaml(
    workflow(
      'Group',
      'step-container',
      `
    steps:
      - { id: all, finally: [{ id: f, task: noop }], group: [${to('x')}, { id: y, chain: [{ id: w, task: noop, queue: closed }, { id: z, task: noop }] }] }
      - ${to('beside', 'beside')}
  `,
    ),
  )
  const id = await engine.start('step-container')
  await Promise.all([journal.seen('start x'), journal.seen('start beside')])
  t.true(await cancel(id, 'all'))
  await until(async () => (await rows(id)).length === 2)
  journal.open('beside')
  const run = await engine.ended(id)
  t.is(run.state, 'failed')
  t.like(run.states(), { all: 'cancelled', 'all/x': 'cancelled', 'all/y/w': 'cancelled', beside: 'succeeded' })
  t.is(run.job('all/finally/f').state, 'succeeded')
})

test('a forEach: one item, all jobs of a step in it, or the whole', async t => {
  const journal = newJournal()
  const gate = journal.gate('go')
  await engine.applyYaml(
    documents(
      workflow(
        'Chain',
        'items',
        `
    steps: [{ id: each, forEach: { in: [0, 1, 2], as: x, maxFailures: 1 }, task: noop, queue: closed }]
  `,
      ),
      workflow(
        'Chain',
        'steps-in-items',
        `
    steps:
      - { id: each, forEach: { in: [0, 1, 2], as: x }, chain: [{ id: a, task: noop, queue: closed, allowFailure: true }, { id: b, task: journal, with: { journal: "${journal.file}", name: b, gate: "${gate}" } }] }
  `,
      ),
    ),
  )
  const one = await engine.start('items')
  await until(async () => (await rows(one)).length === 5)
  for (const item of ['each[1]', 'each[0]', 'each[2]']) t.true(await cancel(one, item))
  const few = await engine.ended(one)
  t.is(few.state, 'failed')
  t.deepEqual(
    few.jobs.filter(job => job.item !== null).map(job => job.state),
    ['cancelled', 'cancelled', 'cancelled'],
  )

  const inner = await engine.start('steps-in-items')
  await until(
    async () =>
      (await engine.sql`select from job where run = ${inner} and queue <> 0 and phase = 'ready'`).length === 3,
  )
  t.true(await cancel(inner, 'each/a'))
  journal.open('go')
  t.is((await engine.ended(inner)).state, 'succeeded')
  t.is(journal.lines().filter(line => line === 'end b').length, 3)

  const whole = await engine.start('items')
  await until(async () => (await rows(whole)).length === 5)
  t.true(await cancel(whole, 'each'))
  t.is((await engine.ended(whole)).job('each').state, 'cancelled')
})

test('what is not there is said, and what has no job yet', async t => {
  await engine.applyYaml(
    workflow(
      'Chain',
      'later',
      'steps: [{ id: a, task: noop, queue: closed }, { id: b, group: [{ id: c, task: noop }] }]',
    ),
  )
  const id = await engine.start('later')
  await t.throwsAsync(cancel(id, 'x'), { message: /no job "x"/ })
  await t.throwsAsync(cancel(id, 'b/c'), { message: /"b\/c" has no job yet/ })
  await engine.cancel(id)
  await engine.ended(id)
})

test('force kills a handler that listens to nobody at once, also after a longer grace was given', async t => {
  const own = await testEngine({ leaseMs: 10_000 }) // a kill costs the neighbours in the child
  t.teardown(own.stop)
  for (const wholeRun of [true, false]) {
    const journal = newJournal()
    const name = `deaf-${wholeRun}`
    await own.applyYaml(
      workflow('Chain', name, `steps: [{ id: deaf, task: deaf, with: { journal: "${journal.file}" } }]`),
    )
    const id = await own.start(name)
    await journal.seen('start deaf')
    const asked = performance.now()
    for (const graceMs of [3_600_000, 0])
      t.true(
        wholeRun
          ? await cancelRun(own.context, { run: id, reason: 'enough', graceMs })
          : await cancelStep(own.context, { run: id, step: 'deaf', reason: 'enough', graceMs }),
      )
    const run = await own.ended(id)
    t.is(run.job('deaf').state, 'cancelled')
    t.true(performance.now() - asked < 10_000)
  }
})
