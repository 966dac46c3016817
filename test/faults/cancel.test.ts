import test from 'ava'
import { setTimeout as sleep } from 'node:timers/promises'
import { newJournal, testEngine, workflow } from '../support/engine.ts'
import { seeded } from '../support/fuzz.ts'

test('cancelled at any moment, a run ends soon, runs its finally, and leaves nothing behind', async t => {
  const engine = await testEngine({ leaseMs: 2000, slots: 4 })
  t.teardown(engine.stop)
  const random = seeded(11)
  await engine.applyYaml(
    workflow(
      'Chain',
      'busy',
      `
    inputs: { list: { type: array, default: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }, yes: { type: boolean, default: true }, dir: { type: string } }
    steps:
      - { id: a, when: "{{ inputs.yes }}", task: noop }
      - id: all
        retry: { max: 20, delay: 1ms }
        group:
          - { id: each, forEach: { in: "{{ inputs.list }}", as: x, concurrency: 4 }, chain: [{ when: "{{ inputs.yes }}", task: noop }, { task: sleep, with: { ms: 1 } }] }
          - { id: flaky, task: flaky, with: { times: 3, dir: "{{ inputs.dir }}" }, retry: { max: 9, delay: 1h, maxDelay: 5ms } }
          - { id: flow, flow: [{ id: a, task: noop }, { id: b, needs: [a], task: noop }, { id: c, needs: [{ any: [a, b] }], chain: [{ task: noop }] }] }
          - { id: bad, task: fail, with: {}, onError: [{ do: [{ task: noop }] }], finally: [{ task: noop }] }
    finally: [{ id: last, task: echo, with: "{{ run.state }}" }]
  `,
    ),
  )
  const runs = await Promise.all(
    Array.from({ length: 120 }, async () => {
      await sleep(random() * 1500)
      const id = await engine.start('busy', { dir: newJournal().dir })
      await sleep(random() * 60)
      const asked = performance.now()
      await engine.cancel(id)
      const run = await engine.ended(id)
      return { run, ms: performance.now() - asked }
    }),
  )
  for (const { run } of runs) {
    t.true(['cancelled', 'failed'].includes(run.state), run.state)
    t.is(run.jobs.filter(job => job.path.endsWith('last') && job.state === 'succeeded').length, 1)
  }
  t.is((await engine.sql`select from job`).length, 0)
  const worst = Math.max(...runs.map(({ ms }) => ms))
  t.log(
    `${runs.filter(({ run }) => run.state === 'cancelled').length} of ${runs.length} were cancelled; the longest took ${Math.round(worst)} ms`,
  )
  t.true(worst < 10_000, `${worst} ms`)
})
