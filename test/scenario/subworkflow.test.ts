import test from 'ava'
import { documents, newJournal, testEngine, workflow } from '../support/engine.ts'

/** semantics L2, L4 and L6: a workflow that is a part of another. */
const engine = await testEngine()
test.after.always(() => engine.stop())

test('a workflow runs as a part of another: `with` are its inputs, with defaults, and its output is the step’s', async t => {
  await engine.applyYaml(
    documents(
      workflow(
        'Chain',
        'greet',
        `
  inputs: { name: { type: string }, greeting: { type: string, default: Hello } }
  steps:
    - { id: text, task: echo, with: "{{ inputs.greeting }}, {{ inputs.name }}" }
    - { id: all, task: echo, with: { text: "{{ steps.text.output }}", run: "{{ run.id }}", workflow: "{{ run.workflow }}" } }
  output: "{{ steps.all.output }}"
`,
      ),
      workflow(
        'Chain',
        'outer',
        `
  inputs: { who: { type: string } }
  steps:
    - { id: before, task: echo, with: "{{ inputs.who }}!" }
    - { id: greeted, workflow: greet, with: { name: "{{ steps.before.output }}" } }
    - { id: after, task: echo }
`,
      ),
    ),
  )
  const run = await engine.run('outer', { who: 'Ada' })
  t.is(run.state, 'succeeded')
  t.deepEqual(run.output, { text: 'Hello, Ada!', run: run.id, workflow: 'greet' })
  t.deepEqual(run.states(), {
    before: 'succeeded',
    greeted: 'succeeded',
    'greeted/greet': 'succeeded',
    'greeted/greet/text': 'succeeded',
    'greeted/greet/all': 'succeeded',
    after: 'succeeded',
  })
})

test('for each item, in a group, and within each other, each part has inputs of its own', async t => {
  await engine.applyYaml(
    documents(
      workflow(
        'Chain',
        'twice',
        'inputs: { n: { type: integer } }\nsteps: [{ id: pair, group: [{ task: echo, with: "{{ inputs.n }}" }, { workflow: once, with: { n: "{{ inputs.n }}", of: twice } }] }]',
      ),
      workflow(
        'Chain',
        'once',
        'inputs: { n: { type: integer }, of: { type: string } }\nsteps: [{ task: echo, with: "{{ inputs.of }} {{ inputs.n }}" }]',
      ),
      workflow(
        'Flow',
        'many',
        `
  inputs: { list: { type: array, items: { type: integer } } }
  steps:
    - { id: each, forEach: { in: "{{ inputs.list }}", as: n }, workflow: twice, with: { n: "{{ n }}" } }
    - { id: alone, workflow: once, with: { n: 9, of: many } }
  output: ["{{ steps.each.output }}", "{{ steps.alone.output }}"]
`,
      ),
    ),
  )
  const run = await engine.run('many', { list: [1, 2] })
  t.is(run.state, 'succeeded', JSON.stringify(run.error))
  t.deepEqual(run.output, [
    [
      [1, 'twice 1'],
      [2, 'twice 2'],
    ],
    'many 9',
  ])
  t.like(run.states(), { each: 'succeeded', 'each[1]': 'succeeded', 'each[1]/twice/pair/1/once/0': 'succeeded' })
  t.is(run.job('each[1]/twice/pair/1/once/0').output, 'twice 2')
  t.is(run.job('each').item, null)
})

test('what fails in it fails the step, which may recover, be allowed to fail, or start the whole of it afresh', async t => {
  const { dir } = newJournal()
  await engine.applyYaml(
    documents(
      workflow(
        'Chain',
        'breaks',
        'inputs: { name: { type: string } }\nsteps: [{ id: bad, task: fail, with: { name: "{{ inputs.name }}", message: so } }]\nonError: [{ do: [{ id: told, task: echo, with: "{{ error.name }} {{ run.state }}" }] }]\nfinally: [{ id: done, task: echo, with: ["{{ run.state }}", "{{ inputs.name }}"] }]',
      ),
      workflow(
        'Chain',
        'opening',
        'inputs: { file: { type: string } }\nsteps: [{ id: kept, task: echo, with: 7 }, { task: opens, with: { file: "{{ inputs.file }}", seen: "{{ steps.kept.output }}" } }]',
      ),
      workflow(
        'Flow',
        'catches',
        `
  steps:
    - { id: recovers, workflow: breaks, with: { name: Bad }, onError: [{ on: [Bad], recover: true, do: [{ task: echo, with: "{{ error.name }}" }] }] }
    - { id: allowed, workflow: breaks, with: { name: Odd }, allowFailure: true }
    - { id: again, workflow: opening, with: { file: "${dir}/opened" }, retry: { max: 1, delay: 1ms } }
    - { id: never, when: "{{ eq 1 2 }}", workflow: breaks, with: { name: No } }
  output: ["{{ steps.recovers.output }}", "{{ steps.allowed.state }}", "{{ steps.again.output }}", "{{ steps.never.state }}"]
`,
      ),
    ),
  )
  const run = await engine.run('catches')
  t.is(run.state, 'succeeded', JSON.stringify(run.error))
  t.deepEqual(run.output, ['Bad', 'failed', 7, 'skipped'])
  t.is(run.job('recovers/breaks/onError0/told').output, 'Bad failed')
  t.deepEqual(run.job('recovers/breaks/finally/done').output, ['failed', 'Bad'])
  t.deepEqual(run.job('allowed/breaks/finally/done').output, ['failed', 'Odd'])
  t.like(run.job('allowed').error, { name: 'Odd', message: 'so' })
})

test('inputs that are wrong when it begins fail the step before anything of it has run', async t => {
  await engine.applyYaml(
    documents(
      workflow('Chain', 'strict', 'inputs: { n: { type: integer, minimum: 3 } }\nsteps: [{ id: one, task: echo }]'),
      workflow(
        'Chain',
        'careless',
        'inputs: { n: { } }\nsteps: [{ id: part, workflow: strict, with: { n: "{{ inputs.n }}" } }]',
      ),
    ),
  )
  t.deepEqual((await engine.run('careless', { n: 3 })).output, { n: 3 })
  for (const n of [2, 'three', null]) {
    const run = await engine.run('careless', { n })
    t.is(run.state, 'failed')
    t.like(run.error, { name: 'InvalidInput' })
    t.regex(String((run.error as { message: string }).message), /the input of workflow "strict" is wrong: input "n" /)
    t.false(run.jobs.some(job => job.path.startsWith('part/')))
  }
})

test('a run keeps the parts it began with, and the next has the new ones', async t => {
  const journal = newJournal()
  const part = (text: string) => workflow('Chain', 'part', `steps: [{ task: echo, with: ${text} }]`)
  const gate = journal.gate('go')
  await engine.applyYaml(
    documents(
      part('old'),
      workflow(
        'Chain',
        'pinned',
        `steps: [{ task: journal, with: { journal: "${journal.file}", name: a, gate: "${gate}" } }, { workflow: part }]`,
      ),
    ),
  )
  const id = await engine.start('pinned')
  await journal.seen('start a')
  const changes = await engine.applyYaml(part('new'))
  t.deepEqual(
    changes.filter(({ action }) => action !== 'kept').map(({ kind, name, action }) => [`${kind}/${name}`, action]),
    [
      ['workflow/part', 'updated'],
      ['workflow/pinned', 'updated'],
    ],
  )
  journal.open('go')
  t.is((await engine.ended(id)).output, 'old')
  t.is((await engine.run('pinned')).output, 'new')
})

test('a cancel and a deadline reach into it', async t => {
  const journal = newJournal()
  const step = (name: string) =>
    `{ id: ${name}, task: journal, with: { journal: "${journal.file}", name: ${name}, gate: "${journal.gate('never')}" } }`
  await engine.applyYaml(
    documents(
      workflow('Chain', 'long', `steps: [${step('a')}]\nfinally: [{ id: end, task: echo, with: "{{ run.state }}" }]`),
      workflow('Chain', 'cancelled', 'steps: [{ id: part, workflow: long }]'),
      workflow('Chain', 'late', 'steps: [{ id: part, workflow: long, deadline: 1h }]'),
    ),
  )
  const id = await engine.start('cancelled')
  await journal.seen('start a')
  await engine.cancel(id)
  const cancelled = await engine.ended(id)
  t.is(cancelled.state, 'cancelled')
  t.is(cancelled.job('part/long/a').state, 'cancelled')
  t.is(cancelled.job('part/long/finally/end').state, 'succeeded')

  const late = await engine.start('late')
  await journal.seen('start a', 2)
  await engine.clock.advanceMs(3_600_001)
  const run = await engine.ended(late)
  t.is(run.state, 'failed')
  t.like(run.error, { name: 'Timeout' })
})

test('deep within each other, with inputs that are named often', async t => {
  const passed = '{ a: "{{ inputs.a }}", b: "{{ inputs.a }}", c: "{{ inputs.c }}" }'
  const chain = (name: string, step: string) =>
    workflow('Chain', name, `inputs: { a: { }, b: { }, c: { } }\nsteps: [{ ${step}, with: ${passed} }]`)
  await engine.applyYaml(
    documents(
      ...Array.from({ length: 24 }, (_, i) => chain(`depth-${i}`, i === 0 ? 'task: echo' : `workflow: depth-${i - 1}`)),
    ),
  )
  t.deepEqual((await engine.run('depth-23', { a: 1, b: 2, c: 3 })).output, { a: 1, b: 1, c: 3 })
})

test('a deadline of its own fails the part alone', async t => {
  const journal = newJournal()
  const waits = `{ task: journal, with: { journal: "${journal.file}", name: a, gate: "${journal.gate('never')}" } }`
  await engine.applyYaml(
    documents(
      workflow('Chain', 'limited', `deadline: 30m\nsteps: [${waits}]`),
      workflow(
        'Chain',
        'patient',
        'steps: [{ id: part, workflow: limited, allowFailure: true }, { task: echo, with: "{{ steps.part.state }}" }]',
      ),
    ),
  )
  const id = await engine.start('patient')
  await journal.seen('start a')
  await engine.clock.advanceMs(1_800_001)
  const run = await engine.ended(id)
  t.like(run, { state: 'succeeded', output: 'failed', warnings: 1 })
  t.like(run.job('part').error, { name: 'Timeout' })
})

test('a Task, a part, and what it is a part of: a change of the first compiles all anew', async t => {
  const task = (schema: string) =>
    `apiVersion: tq/v1\nkind: Task\nmetadata: { name: base }\nspec: { handler: echo, outputSchema: ${schema} }\n`
  await engine.applyYaml(
    documents(
      task('{ type: object, properties: { a: { type: string } }, required: [a], additionalProperties: false }'),
      workflow('Chain', 'inner', 'steps: [{ task: base, with: { a: x } }]'),
      workflow('Chain', 'middle', 'steps: [{ workflow: inner }]'),
      workflow('Chain', 'top', 'steps: [{ id: m, workflow: middle }, { task: echo, with: "{{ steps.m.output.a }}" }]'),
    ),
  )
  t.is((await engine.run('top')).output, 'x')
  const error = await t.throwsAsync(
    engine.applyYaml(task('{ type: object, properties: { b: { type: string } }, additionalProperties: false }')),
  )
  t.regex(error.message, /UNKNOWN_REFERENCE .*"a".*workflow\/top/)
  await t.throwsAsync(
    engine.applyYaml(
      workflow('Chain', 'inner', 'inputs: { n: { type: integer } }\nsteps: [{ task: base, with: { a: x } }]'),
    ),
    {
      message: /MISSING_FIELD workflow "inner" requires the input "n".*workflow\/middle/,
    },
  )
})
