import test from 'ava'
import { setTimeout as sleep } from 'node:timers/promises'
import { testEngine, workflow } from '../support/engine.ts'
import { seeded } from '../support/fuzz.ts'

test('a deadline that passes at any moment ends its run as failed with Timeout, or not at all, and leaves nothing behind', async t => {
  const engine = await testEngine({ leaseMs: 2000, slots: 4 })
  t.teardown(engine.stop)
  const random = seeded(5)
  const deadlines = [20, 35, 50, 80, 120]
  for (const ms of deadlines)
    await engine.applyYaml(
      workflow(
        'Chain',
        `limit-${ms}`,
        `
      inputs: { list: { type: array, default: [0, 1, 2, 3, 4, 5, 6, 7] }, yes: { type: boolean, default: true } }
      deadline: ${ms}ms
      steps:
        - { id: a, when: "{{ inputs.yes }}", task: noop }
        - id: inner
          deadline: ${Math.round(ms * 0.8)}ms
          onError: [{ on: [Timeout], recover: true, do: [{ task: noop }] }]
          group:
            - { id: each, forEach: { in: "{{ inputs.list }}", as: x, concurrency: 4 }, chain: [{ when: "{{ inputs.yes }}", task: noop }, { task: sleep, with: { ms: 2 } }] }
            - { id: rounds, retry: { max: 3, delay: 1ms }, chain: [{ task: noop }, { task: fail, with: {}, onError: [{ recover: true, do: [{ task: noop }] }] }] }
        - { id: z, task: noop, deadline: 10s }
      finally: [{ id: last, task: echo, with: "{{ run.state }}" }]
    `,
      ),
    )
  const runs = await Promise.all(
    Array.from({ length: 80 }, async (_, i) => {
      await sleep(random() * 1500)
      return engine.run(`limit-${deadlines[i % deadlines.length]}`)
    }),
  )
  for (const run of runs) {
    if (run.state === 'failed') t.is(run.error!.name, 'Timeout')
    else t.is(run.state, 'succeeded')
    t.is(run.jobs.filter(job => job.path.endsWith('last') && job.state === 'succeeded').length, 1)
  }
  t.is((await engine.sql`select from job`).length, 0)
  t.log(`${runs.filter(run => run.state === 'failed').length} of ${runs.length} ran out of time`)
})

test('stopOnFailure while everything goes at once leaves nothing behind', async t => {
  const engine = await testEngine({ leaseMs: 2000, slots: 4 })
  t.teardown(engine.stop)
  await engine.applyYaml(
    workflow(
      'Chain',
      'stops',
      `
    inputs: { list: { type: array } }
    steps:
      - id: each
        forEach: { in: "{{ inputs.list }}", as: x, concurrency: 16, stopOnFailure: true, maxFailures: 2 }
        finally: [{ task: noop }]
        chain: [{ task: noop }, { when: "{{ gt x 20 }}", task: fail, with: {} }, { task: noop }]
    finally: [{ id: last, task: noop }]
  `,
    ),
  )
  const list = Array.from({ length: 300 }, (_, i) => i)
  const runs = await Promise.all(Array.from({ length: 12 }, () => engine.run('stops', { list })))
  for (const run of runs) {
    t.is(run.state, 'failed')
    t.true(run.jobs.some(job => job.path.endsWith('last') && job.state === 'succeeded'))
  }
  t.is((await engine.sql`select from job`).length, 0)
})
