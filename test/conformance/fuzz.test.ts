import test from 'ava'
import { documents, newJournal, testEngine, until, workflow } from '../support/engine.ts'
import { type Fuzz, fuzzed } from '../support/fuzz.ts'

/** semantics, promise 1: with every hint lost, doubled, late or out of order, every run ends the same. */
const sample = (journal: string) =>
  documents(
    workflow(
      'Group',
      'part',
      'inputs: { n: { type: integer } }\nsteps: [{ task: echo, with: "{{ inputs.n }}" }, { task: noop }]',
    ),
    workflow(
      'Chain',
      'sample',
      `
  inputs: { list: { type: array, default: [3, 1, 2] }, no: { type: boolean, default: false } }
  steps:
    - { id: first, task: echo, with: "{{ inputs.list }}" }
    - id: both
      group:
        - { id: each, forEach: { in: "{{ inputs.list }}", as: x, concurrency: 2 }, chain: [{ task: echo }, { task: echo, with: "x{{ x }}" }] }
        - { id: again, task: flaky, with: { times: 1, dir: "${journal}" }, retry: { max: 1, delay: 5ms } }
        - { id: saved, task: fail, with: { name: Bad }, onError: [{ recover: true, do: [{ task: echo, with: "{{ error.name }}" }] }] }
        - { id: part, workflow: part, with: { n: 7 } }
        - { id: skip, when: "{{ inputs.no }}", task: noop }
    - id: flow
      flow:
        - { id: a, task: noop }
        - { id: b, task: fail, with: {}, allowFailure: true }
        - { id: c, needs: [a, { any: [a, b] }], task: echo, with: done }
      output: "{{ steps.c.output }}"
    - { id: all, task: echo, with: ["{{ steps.both.output }}", "{{ steps.flow.output }}"] }
  finally: [{ id: end, task: echo, with: "{{ run.state }}" }]
`,
    ),
  )
const expected = [[['x3', 'x1', 'x2'], 2, 'Bad', [7, null], null], 'done']

for (const how of ['drop', 'double', 'reorder', 'delay', 'mix'] satisfies Fuzz[])
  test(`hints that ${how}: the same output`, async t => {
    const engine = await testEngine({ wrap: broker => fuzzed(broker, how, 7), leaseMs: 5000 })
    t.teardown(engine.stop)
    await engine.applyYaml(sample(newJournal().dir))
    const runs = await Promise.all(Array.from({ length: 4 }, () => engine.run('sample')))
    for (const run of runs) {
      t.deepEqual(run.output, expected)
      t.is(run.warnings, 1)
      t.is(run.jobs.find(job => job.path.endsWith('end'))!.output, 'succeeded')
    }
    const [row] = await engine.sql<{ worst: number }>`
    select max(extract(epoch from started_at - ready_at))::float8 as worst from outcome where final and started_at is not null and ready_at is not null`
    t.log(
      `${how}: the longest a job waited was ${Math.round(row!.worst * 1000)} ms; the bound is a poll of at most 1,250 ms a hop`,
    )
  })

test('hints that drop: a cancel is heard of all the same', async t => {
  const engine = await testEngine({ wrap: broker => fuzzed(broker, 'drop'), leaseMs: 2000 })
  t.teardown(engine.stop)
  const journal = newJournal()
  await engine.applyYaml(
    workflow(
      'Chain',
      'long',
      `steps: [{ id: a, task: journal, with: { journal: "${journal.file}", name: a, gate: "${journal.gate('never')}" } }]`,
    ),
  )
  const id = await engine.start('long')
  await journal.seen('start a')
  await engine.cancel(id)
  t.is((await engine.ended(id)).state, 'cancelled')
  await until(() => journal.lines().includes('abort a'))
})
