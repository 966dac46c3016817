import test from 'ava'
import { setTimeout as sleep } from 'node:timers/promises'
import { cancelStep } from '../../engine/client.ts'
import { newJournal, testEngine, workflow } from '../support/engine.ts'
import { seeded } from '../support/fuzz.ts'

const notYet = (error: Error) => {
  if (!/no job/.test(error.message)) throw error
  return false
}

test('cancelled at any moment, whole or step by step, a run ends soon, runs its finally, and leaves nothing behind', async t => {
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
  // Before all of it is cancelled, or in its stead: single steps.
  const paths = ['a', 'all', 'all/each', 'all/each[3]', 'all/flaky', 'all/flow', 'all/flow/b', 'all/flow/c', 'all/bad']
  const some = async (run: string) => {
    for (let i = 0; i < 3; i++) {
      await cancelStep(engine.context, {
        run,
        step: paths[Math.floor(random() * paths.length)]!,
        reason: 'some',
      }).catch(notYet)
      await sleep(random() * 10)
    }
  }
  const isOpen = async (id: string) => (await engine.sql`select from job where run = ${id} and n = 0`).length > 0
  const runs = await Promise.all(
    Array.from({ length: 180 }, async (_, i) => {
      await sleep(random() * 2000)
      const id = await engine.start('busy', { dir: newJournal().dir })
      await sleep(random() * 60)
      const asked = performance.now()
      if (i % 3 !== 0) await some(id)
      if (i % 3 !== 1) await engine.cancel(id)
      // The step that is tried 20 times, until it is.
      else
        while (
          !(await cancelStep(engine.context, { run: id, step: 'all', reason: 'all' }).catch(notYet)) &&
          (await isOpen(id))
        )
          await sleep(5)
      const run = await engine.ended(id)
      return { run, ms: performance.now() - asked }
    }),
  )
  for (const { run } of runs) {
    t.true(['cancelled', 'failed', 'succeeded'].includes(run.state), run.state)
    t.is(run.jobs.filter(job => job.path.endsWith('last') && job.state === 'succeeded').length, 1)
  }
  t.true(runs.some(({ run }) => run.jobs.some(job => job.state === 'cancelled') && run.state === 'failed'))
  t.is((await engine.sql`select from job`).length, 0)
  const worst = Math.max(...runs.map(({ ms }) => ms))
  t.log(
    `${runs.filter(({ run }) => run.state === 'cancelled').length} of ${runs.length} were cancelled; the longest took ${Math.round(worst)} ms`,
  )
  t.true(worst < 10_000, `${worst} ms`)
})
