import test from 'ava'
import { newJournal, testEngine, workflow } from '../support/engine.ts'

/** semantics L8: forEach. */
const engine = await testEngine({ concurrency: 2, slots: 4 })
test.after.always(() => engine.stop())

const failing = (more: string) => `
  inputs: { list: { type: array } }
  steps:
    - id: each
      forEach: { in: "{{ inputs.list }}", as: x, ${more} }
      chain:
        - { id: ok, task: echo }
        - { id: bad, when: "{{ lt x 0 }}", task: fail, with: { name: Negative } }
`

test('items that fail do not stop the others; more than maxFailures make the step failed', async t => {
  const run = await engine.try('Chain', failing('maxFailures: 1'), { list: [1, -1, 2, -2, 3] })
  t.is(run.state, 'failed')
  t.is(run.job('each').state, 'failed')
  t.is(run.jobs.filter(job => job.path === 'each/ok' && job.state === 'succeeded').length, 5)
  t.is(run.error!.name, 'Negative')
  t.regex(String(run.error!.step), /each\[[13]\]/)
})

test('as many as maxFailures are warnings, with null in their places and their keys named', async t => {
  const run = await engine.try('Chain', failing('maxFailures: 2'), { list: [1, -1, 2, -2, 3] })
  t.is(run.state, 'succeeded')
  t.is(run.warnings, 2)
  t.deepEqual(run.output, [1, null, 2, null, 3])
})

test('maxFailures is 0 by default', async t => {
  const run = await engine.try('Chain', failing('concurrency: 3'), { list: [1, -1] })
  t.is(run.state, 'failed')
})

test('maxFailures as a share: 25 % of eight are two', async t => {
  t.is(
    (await engine.try('Chain', failing('maxFailures: 25%'), { list: [1, -1, 2, -2, 3, 4, 5, 6] })).state,
    'succeeded',
  )
  t.is((await engine.try('Chain', failing('maxFailures: 25%'), { list: [1, -1, 2, -2, -3, 4, 5, 6] })).state, 'failed')
  t.is((await engine.try('Chain', failing('maxFailures: 100%'), { list: [-1, -2] })).state, 'succeeded')
})

test('stopOnFailure starts nothing new', async t => {
  const run = await engine.try('Chain', failing('concurrency: 1, stopOnFailure: true'), { list: [1, 2, -1, 3, 4, 5] })
  t.is(run.state, 'failed')
  t.deepEqual(
    run.jobs.filter(job => job.path === 'each/ok').map(job => job.output),
    [1, 2, -1],
  )
})

test('stopOnFailure with maxFailures stops after more than those', async t => {
  const run = await engine.try('Chain', failing('concurrency: 1, stopOnFailure: true, maxFailures: 1'), {
    list: [-1, 2, -2, 3, 4, 5],
  })
  t.is(run.state, 'failed')
  t.deepEqual(
    run.jobs.filter(job => job.path === 'each/ok').map(job => job.output),
    [-1, 2, -2],
  )
})

test('stopOnFailure of plain items whose failure comes while many are queued', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { list: { type: array } }
    steps:
      - { id: each, forEach: { in: "{{ inputs.list }}", as: x, stopOnFailure: true }, task: fail, with: { name: "E{{ x }}" } }
      - { id: after, task: noop }
    finally: [{ id: end, task: echo, with: "{{ run.state }}" }]
  `,
    { list: Array.from({ length: 3000 }, (_, i) => i) },
  )
  t.is(run.state, 'failed')
  t.is(run.job('after').state, 'omitted')
  t.true(run.jobs.filter(job => job.path === 'each' && job.state === 'failed').length < 3000)
})

test('a key that is not unique fails the step before any item starts', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { list: { type: array } }
    steps: [{ id: each, forEach: { in: "{{ inputs.list }}", as: x, key: "{{ x.id }}" }, task: echo }]
  `,
    { list: [{ id: 'a' }, { id: 'b' }, { id: 'a' }] },
  )
  t.is(run.state, 'failed')
  t.is(run.error!.name, 'DuplicateKey')
  t.is(run.jobs.length, 2)
})

test('a list that is none, and a key without a value, fail the step', async t => {
  const run = await engine.try(
    'Group',
    `
    inputs: { o: { type: object, default: { list: text } } }
    steps:
      - { id: none, forEach: { in: "{{ inputs.o.list }}" }, task: echo }
      - { id: key, forEach: { in: [{}], as: x, key: "{{ x.id }}" }, task: echo }
  `,
  )
  t.is(run.job('none').error!.name, 'ExpressionError')
  t.is(run.job('key').error!.name, 'ExpressionError')
})

test('concurrency bounds what is open at once, of tasks and of chains', async t => {
  const journal = newJournal()
  const run = await engine.try(
    'Chain',
    `
    inputs: { list: { type: array } }
    steps:
      - id: each
        forEach: { in: "{{ inputs.list }}", as: x, concurrency: 3 }
        task: journal
        with: { journal: "${journal.file}", name: "{{ x }}", ms: 5 }
      - id: chains
        forEach: { in: "{{ inputs.list }}", as: x, concurrency: 2 }
        chain:
          - { task: journal, with: { journal: "${journal.file}", name: "{{ x }}", ms: 1 } }
          - { task: journal, with: { journal: "${journal.file}", name: "{{ x }}", ms: 1 } }
  `,
    { list: Array.from({ length: 40 }, (_, i) => i) },
  )
  t.is(run.state, 'succeeded')
  t.is(journal.lines().length, 240)
  t.is(journal.peak(), 3)
  const later = journal.lines().slice(80)
  let now = 0
  t.true(later.every(line => (now += line.startsWith('start') ? 1 : -1) <= 2))
})

test('when skips the whole forEach; a when inside skips its item', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { no: { type: boolean, default: false } }
    steps:
      - { id: all, when: "{{ inputs.no }}", forEach: { in: [1, 2] }, task: echo }
      - { id: some, forEach: { in: [1, 2, 3], as: x }, chain: [{ id: in, when: "{{ ne x 2 }}", task: echo, with: "was {{ x }}" }] }
  `,
  )
  t.is(run.job('all').state, 'skipped')
  t.deepEqual(run.output, ['was 1', 2, 'was 3'])
})

test('allowFailure on a forEach is for the whole', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - { id: each, forEach: { in: [1, 2] }, task: fail, with: {}, allowFailure: true }
      - { id: after, task: echo, with: "{{ default steps.each.output (list) }}" }
  `,
  )
  t.is(run.state, 'succeeded')
  t.is(run.job('each').state, 'failed')
  t.deepEqual(run.output, [])
  t.is(run.warnings, 1)
})

test('a forEach in a forEach with failures inside, counted where they belong', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { rows: { type: array, default: [[1, -1], [2], [-3, -4, 5]] } }
    steps:
      - id: rows
        forEach: { in: "{{ inputs.rows }}", as: row, maxFailures: 1 }
        chain:
          - id: cells
            forEach: { in: "{{ row }}", as: x, maxFailures: 1 }
            chain: [{ id: v, task: echo }, { when: "{{ lt x 0 }}", task: fail, with: {} }]
  `,
  )
  t.is(run.state, 'succeeded')
  t.deepEqual(run.output, [[1, null], [2], null])
})

test('a thousand items in each of three nested levels of one run', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { ten: { type: array, default: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] } }
    steps:
      - id: a
        forEach: { in: "{{ inputs.ten }}", as: x }
        chain:
          - id: b
            forEach: { in: "{{ inputs.ten }}", as: y }
            chain:
              - { id: c, forEach: { in: "{{ inputs.ten }}", as: z }, task: echo, with: ["{{ x }}", "{{ y }}", "{{ z }}"] }
  `,
  )
  t.is(run.state, 'succeeded')
  const flat = (run.output as number[][][][]).flat(2)
  t.is(flat.length, 1000)
  t.deepEqual(flat[573], [5, 7, 3])
})

test('forEach over groups, chords and flows', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: groups
        forEach: { in: [1, 2], as: x }
        group: [{ task: echo }, { task: echo, with: "{{ x }}!" }]
      - id: chords
        forEach: { in: [1, 2], as: x }
        chord: { header: [{ task: echo }, { task: noop }], body: { task: echo, with: { of: "{{ x }}" } } }
      - id: flows
        forEach: { in: [1, 2], as: x }
        flow: [{ id: a, task: echo }, { id: b, needs: [a], task: echo, with: "{{ steps.a.output }}" }]
        output: "{{ steps.b.output }}"
    output: ["{{ steps.groups.output }}", "{{ steps.chords.output }}", "{{ steps.flows.output }}"]
  `,
  )
  t.is(run.state, 'succeeded')
  t.deepEqual(run.output, [
    [
      [1, '1!'],
      [2, '2!'],
    ],
    [{ of: 1 }, { of: 2 }],
    [1, 2],
  ])
})

test('an outcome a row: no row of a job is left behind a run', async t => {
  await engine.applyYaml(workflow('Chain', 'leaves-nothing', failing('maxFailures: 50%')))
  const run = await engine.run('leaves-nothing', { list: [1, -1, 2, -2] })
  t.is((await engine.sql`select from job where run = ${run.id}`).length, 0)
  const twice = await engine.sql`select n from outcome where run = ${run.id} and final group by n having count(*) > 1`
  t.is(twice.length, 0)
})
