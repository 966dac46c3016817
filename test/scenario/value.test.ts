import test from 'ava'
import { testEngine } from '../support/engine.ts'

/** semantics L5 and L6: what a step gets where `with` is absent, and what it gives. */
const engine = await testEngine()
test.after.always(() => engine.stop())

test('a chain: the first step gets the inputs, each other the output before it, and it gives the last', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { x: { type: integer } }
    steps:
      - { id: first, task: echo }
      - { id: second, task: context }
  `,
    { x: 1 },
  )
  t.is(run.state, 'succeeded')
  t.like(run.output, { input: { x: 1 }, job: 'second', task: 'context', run: run.id })
})

test('inputs have their defaults, and `with` and `output` make any shape with types kept', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { x: { type: integer, default: 7 }, tags: { type: array, items: { type: string }, default: [a, b] } }
    steps:
      - { id: one, task: echo, with: { n: "{{ inputs.x }}", text: "x is {{ inputs.x }}", list: ["{{ inputs.tags }}", null, true] } }
    output: { n: "{{ steps.one.output.n }}", all: "{{ steps.one.output }}" }
  `,
  )
  t.deepEqual(run.output, { n: 7, all: { n: 7, text: 'x is 7', list: [['a', 'b'], null, true] } })
})

test('the output of a step is shaped over its own raw result', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - { id: one, task: echo, with: { a: { b: 5 } }, output: { five: "{{ self.output.a.b }}" } }
      - { id: two, task: echo }
  `,
  )
  t.deepEqual(run.output, { five: 5 })
})

test('members of a group get the group input; the group gives a list in member order', async t => {
  const run = await engine.try(
    'Group',
    `
    inputs: { x: { type: integer } }
    steps:
      - { id: a, task: echo }
      - { id: b, task: echo, with: 2 }
      - { id: c, task: noop }
  `,
    { x: 1 },
  )
  t.deepEqual(run.output, [{ x: 1 }, 2, null])
})

test('a group in a chain gets what is before it and hands on its list; an empty one gives []', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - { id: start, task: echo, with: 5 }
      - { id: both, group: [{ task: echo }, { task: echo, with: "{{ steps.start.output }}" }] }
      - { id: after, task: echo }
      - { id: none, group: [] }
  `,
  )
  t.deepEqual(run.job('after').output, [5, 5])
  t.is(run.state, 'succeeded')
})

test('a group directly in a group without id and modifiers is its members in its place', async t => {
  const run = await engine.try(
    'Group',
    `
    steps:
      - { task: echo, with: 1 }
      - group:
          - { task: echo, with: 2 }
          - { group: [{ task: echo, with: 3 }] }
      - { id: kept, group: [{ task: echo, with: 4 }] }
  `,
  )
  t.deepEqual(run.output, [1, 2, 3, [4]])
})

test('a chord hands the list of its header to its body, whose output it gives', async t => {
  const run = await engine.try(
    'Chord',
    `
    header:
      - { id: a, task: echo, with: 1 }
      - { id: b, chain: [{ task: echo, with: 2 }, { task: echo }] }
    body: { id: sum, task: echo, with: { all: "{{ list steps.a.output steps.b.output }}" } }
  `,
  )
  t.deepEqual(run.output, { all: [1, 2] })
  const plain = await engine.try(
    'Chord',
    `
    header: [{ task: echo, with: 1 }, { task: echo, with: 2 }]
    body: { task: echo }
  `,
  )
  t.deepEqual(plain.output, [1, 2])
})

test('a header whose only member is a forEach hands the body that list', async t => {
  const run = await engine.try(
    'Chord',
    `
    inputs: { list: { type: array } }
    header: [{ id: each, forEach: { in: "{{ inputs.list }}" }, task: echo }]
    body: { task: echo }
  `,
    { list: [3, 1, 2] },
  )
  t.deepEqual(run.output, [3, 1, 2])
})

test('a flow gives null unless `output` says; its steps get its input', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - { id: start, task: echo, with: { v: 9 } }
      - id: flow
        flow:
          - { id: a, task: echo }
          - { id: b, needs: [a], task: echo }
        output: { b: "{{ steps.b.output.v }}" }
      - { id: bare, flow: [{ id: a, task: echo }] }
      - { id: last, task: context }
  `,
  )
  t.is(run.state, 'succeeded')
  t.deepEqual(run.job('flow').output, { b: 9 })
  t.is((run.output as { input: unknown }).input, null)
})

test('forEach: the item is the input, the output a list in item order; no items give []', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { list: { type: array } }
    steps:
      - { id: each, forEach: { in: "{{ inputs.list }}" }, task: context }
      - { id: none, forEach: { in: [] }, task: echo }
      - { id: after, task: echo }
    output: { each: "{{ steps.each.output }}", after: "{{ steps.after.output }}" }
  `,
    { list: ['a', null, 'a'] },
  )
  const { each, after } = run.output as { each: { input: unknown; job: string }[]; after: unknown }
  t.deepEqual(
    each.map(one => one.input),
    ['a', null, 'a'],
  )
  t.deepEqual(
    each.map(one => one.job),
    ['each[0]', 'each[1]', 'each[2]'],
  )
  t.deepEqual(after, [])
})

test('forEach over a chain: outer names, the item and the loop are seen inside', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { list: { type: array }, factor: { type: integer, default: 3 } }
    steps:
      - id: each
        forEach: { in: "{{ inputs.list }}", as: word, key: "{{ word }}" }
        chain:
          - { id: in, task: echo }
          - { id: out, task: echo, with: { word: "{{ word }}", before: "{{ steps.in.output }}", i: "{{ loop.index }}", key: "{{ loop.key }}", f: "{{ inputs.factor }}" } }
  `,
    { list: ['x', 'y'] },
  )
  t.deepEqual(run.output, [
    { word: 'x', before: 'x', i: 0, key: 'x', f: 3 },
    { word: 'y', before: 'y', i: 1, key: 'y', f: 3 },
  ])
})

test('nested forEach: inner steps see outer items', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { rows: { type: array } }
    steps:
      - id: rows
        forEach: { in: "{{ inputs.rows }}", as: row }
        chain:
          - { id: head, task: echo, with: "{{ row.name }}" }
          - id: cells
            forEach: { in: "{{ row.cells }}", as: cell }
            chain:
              - { id: cell, task: echo, with: "{{ cell }}" }
              - { id: join, task: echo, with: "{{ row.name }}/{{ steps.head.output }}/{{ steps.cell.output }}/{{ cell }}" }
  `,
    {
      rows: [
        { name: 'r', cells: ['1', '2'] },
        { name: 's', cells: [] },
        { name: 't', cells: ['3'] },
      ],
    },
  )
  t.deepEqual(run.output, [['r/r/1/1', 'r/r/2/2'], [], ['t/t/3/3']])
})

test('forEach of more items than one chunk and one window keeps order and counts', async t => {
  const list = Array.from({ length: 3000 }, (_, i) => i)
  const run = await engine.try(
    'Chain',
    `
    inputs: { list: { type: array } }
    steps:
      - { id: each, forEach: { in: "{{ inputs.list }}" }, task: echo }
  `,
    { list },
  )
  t.deepEqual(run.output, list)
})

test('batch hands items over as lists; where chooses them, and its index is that of the whole list', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { list: { type: array } }
    steps:
      - { id: pairs, forEach: { in: "{{ inputs.list }}", batch: 2 }, task: echo }
      - { id: odd, forEach: { in: "{{ inputs.list }}", as: x, where: "{{ gt x 2 }}" }, task: echo }
      - { id: later, forEach: { in: "{{ inputs.list }}", as: x, where: "{{ gt loop.index 2 }}" }, task: echo }
    output: ["{{ steps.pairs.output }}", "{{ steps.odd.output }}", "{{ steps.later.output }}"]
  `,
    { list: [1, 2, 3, 4, 5] },
  )
  t.deepEqual(run.output, [
    [[1, 2], [3, 4], [5]],
    [3, 4, 5],
    [4, 5],
  ])
})

test('previous sees through skipped steps and containers written empty', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { no: { type: boolean, default: false } }
    steps:
      - { id: one, task: echo, with: first }
      - { id: two, when: "{{ inputs.no }}", task: echo, with: second }
      - { id: three, when: "{{ inputs.no }}", chain: [{ task: echo }] }
      - { id: four, chain: [] }
      - { id: five, task: echo }
  `,
  )
  t.deepEqual(run.job('five').output, 'first')
  t.like(run.states(), { two: 'skipped', three: 'skipped', five: 'succeeded' })
  const before = await engine.try(
    'Chain',
    `
    inputs: { no: { type: boolean, default: false } }
    steps:
      - { id: one, when: "{{ inputs.no }}", task: echo, with: 1 }
      - { id: two, task: echo }
  `,
  )
  t.deepEqual(before.output, { no: false })
})

test('a skipped last step: the chain gives what previous would be', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { no: { type: boolean, default: false } }
    steps:
      - { id: one, task: echo, with: kept }
      - { id: two, when: "{{ inputs.no }}", task: echo, with: never }
  `,
  )
  t.is(run.output, 'kept')
})

test('a chain whose last step failed and was allowed to gives null', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - { id: one, task: echo, with: kept }
      - { id: two, task: fail, with: {}, allowFailure: true }
  `,
  )
  t.is(run.state, 'succeeded')
  t.is(run.output, null)
  t.is(run.warnings, 1)
})

test('null in the place of a member that failed and was allowed to, of one skipped, and of an item', async t => {
  const run = await engine.try(
    'Group',
    `
    inputs: { no: { type: boolean, default: false }, list: { type: array, default: [a, b, c] } }
    steps:
      - { id: bad, task: fail, with: {}, allowFailure: true }
      - { id: skip, when: "{{ inputs.no }}", task: echo }
      - { id: each, forEach: { in: "{{ inputs.list }}", as: x, maxFailures: 1 }, chain: [{ task: echo }, { when: "{{ eq x 'b' }}", task: fail, with: {} }] }
  `,
  )
  t.is(run.state, 'succeeded')
  t.deepEqual(run.output, [null, null, ['a', null, 'c']])
  t.is(run.warnings, 2)
})

test('default replaces what is missing: the output of a skipped step, of one that may have failed', async t => {
  const run = await engine.try(
    'Flow',
    `
    inputs: { no: { type: boolean, default: false } }
    steps:
      - { id: skip, when: "{{ inputs.no }}", task: echo, with: 1 }
      - { id: bad, task: fail, with: {}, allowFailure: true }
      - { id: nil, task: noop }
      - id: last
        needs: [skip, bad, nil]
        task: echo
        with: ["{{ default steps.skip.output 'skipped' }}", "{{ default steps.bad.output 'failed' }}", "{{ default steps.nil.output 'null' }}", "{{ coalesce steps.nil.output 'null' }}", "{{ steps.skip.state }}", "{{ default steps.bad.error.name '' }}"]
    output: "{{ steps.last.output }}"
  `,
  )
  t.deepEqual(run.output, ['skipped', 'failed', null, 'null', 'skipped', 'Failed'])
})

test('an expression without a value fails its job alone, with a name and a place', async t => {
  const run = await engine.try(
    'Group',
    `
    inputs: { o: { type: object, default: {} } }
    steps:
      - { id: bad, task: echo, with: "{{ inputs.o.missing }}" }
      - { id: deep, chain: [{ id: x, task: echo, with: {} }, { id: y, task: echo, with: "{{ steps.x.output.nothing.here }}" }] }
      - { id: good, task: echo, with: 1 }
      - { id: when, when: "{{ inputs.o.flag }}", task: echo, with: 1 }
  `,
  )
  t.is(run.state, 'failed')
  t.like(run.states(), { bad: 'failed', 'deep/x': 'succeeded', 'deep/y': 'failed', good: 'succeeded', when: 'failed' })
  t.is(run.job('bad').error!.name, 'ExpressionError')
  t.regex(String(run.job('bad').error!.message), /inputs\.o\.missing/)
  t.is(run.job('when').error!.name, 'ExpressionError')
  t.is(run.output, null)
})

test('an output above 16 MB fails with OutputTooLarge; one of 300 kB passes', async t => {
  const run = await engine.try(
    'Group',
    `
    steps:
      - { id: large, task: text, with: { length: 300000 } }
      - { id: huge, task: text, with: { length: 17000000 }, allowFailure: true }
  `,
  )
  t.is(run.job('huge').error!.name, 'OutputTooLarge')
  t.is((run.job('large').output as string).length, 300_000)
  t.is(run.state, 'succeeded')
})

test('a list of results above 16 MB fails the step that would read it', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - { id: each, forEach: { in: [1, 2, 3, 4, 5, 6] }, task: text, with: { length: 3000000 } }
      - { id: reader, task: echo, with: "{{ steps.each.output }}" }
  `,
  )
  t.is(run.state, 'failed')
  t.is(run.job('each').state, 'failed')
  t.is(run.job('each').error?.name, 'OutputTooLarge')
})

test('schemas of a task: a wrong input runs nothing, a wrong output fails', async t => {
  await engine.applyYaml(`apiVersion: tq/v1
kind: Task
metadata: { name: typed }
spec:
  handler: echo
  inputSchema: { type: object, required: [n], properties: { n: { type: integer } } }
  outputSchema: { type: object, properties: { n: { type: integer, maximum: 9 } } }
`)
  const run = await engine.try(
    'Group',
    `
    inputs: { any: { type: object, default: { n: text } } }
    steps:
      - { id: in, task: typed, with: "{{ inputs.any }}" }
      - { id: out, task: typed, with: { n: 10 } }
      - { id: good, task: typed, with: { n: 1 } }
  `,
  )
  t.is(run.job('in').error!.name, 'InvalidInput')
  t.is(run.job('out').error!.name, 'InvalidOutput')
  t.is(run.job('good').state, 'succeeded')
  await t.throwsAsync(engine.start('typed', { n: 'x' }), { code: 'INVALID_INPUT' })
})
