import test from 'ava'
import { newJournal, testEngine } from '../support/engine.ts'

/** semantics R4 to R6: what follows from an end: needs, omission, blocks. */
const engine = await testEngine()
test.after.always(() => engine.stop())

test('needs is met by succeeded, skipped and allowed failures; what a failure makes impossible is omitted, transitively', async t => {
  const run = await engine.try(
    'Flow',
    `
    inputs: { no: { type: boolean, default: false } }
    steps:
      - { id: ok, task: noop }
      - { id: skip, when: "{{ inputs.no }}", task: noop }
      - { id: allowed, task: fail, with: {}, allowFailure: true }
      - { id: met, needs: [ok, skip, allowed], task: noop }
      - { id: bad, task: fail, with: {} }
      - { id: gone, needs: [bad], task: noop }
      - { id: further, needs: [gone, ok], task: noop }
      - { id: group, needs: [further], group: [{ task: noop }, { task: noop }] }
      - { id: other, needs: [met], task: noop }
  `,
  )
  t.is(run.state, 'failed')
  t.like(run.states(), {
    skip: 'skipped',
    allowed: 'failed',
    met: 'succeeded',
    bad: 'failed',
    gone: 'omitted',
    further: 'omitted',
    group: 'omitted',
    other: 'succeeded',
  })
  t.is(run.warnings, 1)
  t.is(run.error!.name, 'Failed')
  t.is(run.error!.step, 'bad')
})

test('on: failed is met by a failure and omitted by a success; a handled branch still fails the run', async t => {
  const run = await engine.try(
    'Flow',
    `
    steps:
      - { id: bad, task: fail, with: {} }
      - { id: ok, task: noop }
      - { id: rescue, needs: [{ step: bad, on: failed }], task: noop }
      - { id: never, needs: [{ step: ok, on: failed }], task: noop }
      - { id: after-never, needs: [never], task: noop }
      - { id: after-rescue, needs: [rescue], task: noop }
  `,
  )
  t.like(run.states(), { rescue: 'succeeded', never: 'omitted', 'after-never': 'omitted', 'after-rescue': 'succeeded' })
  t.is(run.state, 'failed')
})

test('any is met by the first, and omitted when none can meet it', async t => {
  const run = await engine.try(
    'Flow',
    `
    inputs: { no: { type: boolean, default: false } }
    steps:
      - { id: ok, task: noop }
      - { id: bad, task: fail, with: {}, onError: [{ recover: false, do: [] }] }
      - { id: bad2, task: fail, with: {} }
      - { id: skip, when: "{{ inputs.no }}", task: noop }
      - { id: one, needs: [{ any: [bad, ok] }], task: noop }
      - { id: skipped-counts, needs: [{ any: [bad, skip] }], task: noop }
      - { id: none, needs: [{ any: [bad, bad2] }], task: noop }
      - { id: after-none, needs: [none], task: noop }
      - { id: nested, needs: [{ any: [after-none, ok] }], task: noop }
      - { id: dead, needs: [{ any: [after-none, none] }], task: noop }
  `,
  )
  const states = run.states()
  t.like(states, {
    one: 'succeeded',
    'skipped-counts': 'succeeded',
    none: 'omitted',
    'after-none': 'omitted',
    nested: 'succeeded',
    dead: 'omitted',
  })
  t.is(run.state, 'failed')
})

test('any is met by its first source while others still run, and then only once', async t => {
  const journal = newJournal()
  const name = 'first-of-two'
  await engine.applyYaml(`apiVersion: tq/v1
kind: Flow
metadata: { name: ${name} }
spec:
  steps:
    - { id: slow, task: journal, with: { journal: "${journal.file}", name: slow, gate: "${journal.gate('go')}" } }
    - { id: fast, task: noop }
    - { id: then, needs: [{ any: [slow, fast] }], task: journal, with: { journal: "${journal.file}", name: then } }
`)
  const id = await engine.start(name)
  await journal.seen('end then')
  journal.open('go')
  const run = await engine.ended(id)
  t.is(run.state, 'succeeded')
  t.is(journal.lines().filter(line => line === 'start then').length, 1)
})

test('many to many: each of four starts after all of three', async t => {
  const run = await engine.try(
    'Flow',
    `
    steps:
      - { id: a, task: noop }
      - { id: b, task: noop }
      - { id: c, task: noop }
      - { id: w, needs: [a, b, c], task: noop }
      - { id: x, needs: [c, b, a], task: noop }
      - { id: y, needs: [b, a, c], task: noop }
      - { id: z, needs: [w, x, y, a], task: noop }
  `,
  )
  t.is(run.state, 'succeeded')
  t.is(run.jobs.filter(job => job.state === 'succeeded').length, 8)
})

test('a failure in a chain omits the rest, and one in a group stops no other member', async t => {
  const run = await engine.try(
    'Group',
    `
    steps:
      - id: left
        chain: [{ id: one, task: noop }, { id: two, task: fail, with: {} }, { id: three, task: noop }, { id: four, group: [{ task: noop }] }]
      - id: right
        chain: [{ id: one, task: noop }, { id: two, task: noop }]
  `,
  )
  t.like(run.states(), {
    'left/two': 'failed',
    'left/three': 'omitted',
    'left/four': 'omitted',
    left: 'failed',
    'right/two': 'succeeded',
    right: 'succeeded',
  })
  t.is(run.job('left').error!.step, 'left/two')
})

test('a chord whose header failed omits its body', async t => {
  const run = await engine.try(
    'Chord',
    `
    header: [{ id: a, task: noop }, { id: b, task: fail, with: { name: Broken } }, { id: c, task: noop }]
    body: { id: body, task: noop }
  `,
  )
  t.is(run.state, 'failed')
  t.is(run.job('body').state, 'omitted')
  t.is(run.job('header/c').state, 'succeeded')
  t.is(run.error!.name, 'Broken')
})

test('the onError of a step: the first entry that matches counts, and the step stays failed', async t => {
  const run = await engine.try(
    'Group',
    `
    steps:
      - id: bad
        task: fail
        with: { name: OutOfStock, message: none left }
        onError:
          - { on: [Timeout], do: [{ id: wrong, task: echo, with: 1 }] }
          - { on: [OutOfStock, Timeout], do: [{ id: right, task: echo, with: "{{ error.name }}: {{ error.message }}" }] }
          - { do: [{ id: late, task: echo, with: 1 }] }
      - { id: unmatched, task: fail, with: {}, onError: [{ on: [Timeout], do: [{ id: no, task: echo, with: 1 }] }] }
  `,
  )
  t.is(run.state, 'failed')
  t.like(run.states(), { bad: 'failed', unmatched: 'failed' })
  t.deepEqual(run.jobs.filter(job => job.output === 'OutOfStock: none left').length >= 1, true)
  t.is(run.jobs.filter(job => job.path.includes('wrong') || job.path.includes('late')).length, 0)
  t.is(run.job('bad').error!.name, 'OutOfStock')
})

test('recover: the step succeeds with the output of the block, which gets the error', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: bad
        task: fail
        with: { name: Gone, message: m }
        onError: [{ recover: true, do: [{ task: echo }] }]
      - { id: next, task: echo, with: ["{{ steps.bad.output.name }}", "{{ steps.bad.state }}"] }
  `,
  )
  t.is(run.state, 'succeeded')
  t.is(run.job('bad').state, 'succeeded')
  t.deepEqual(run.output, ['Gone', 'succeeded'])
})

test('a failing handler of a recover leaves its step failed; that of an onError without recover changes nothing', async t => {
  const run = await engine.try(
    'Group',
    `
    steps:
      - { id: a, task: fail, with: { name: First }, onError: [{ recover: true, do: [{ task: fail, with: { name: Second } }] }] }
      - { id: b, task: fail, with: { name: Third }, onError: [{ do: [{ task: fail, with: { name: Fourth } }] }], allowFailure: true }
  `,
  )
  t.is(run.state, 'failed')
  t.like(run.states(), { a: 'failed', b: 'failed' })
  t.is(run.job('a').error!.name, 'First')
  t.is(run.job('b').error!.name, 'Third')
  t.is(run.warnings, 1)
})

test('onError of a container recovers it; the members keep their states', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: both
        group: [{ id: x, task: fail, with: { name: Bad } }, { id: y, task: noop }]
        onError: [{ on: [Bad], recover: true, do: [{ task: echo, with: { instead: "{{ error.name }}" } }] }]
      - { id: next, task: echo }
  `,
  )
  t.is(run.state, 'succeeded')
  t.deepEqual(run.output, { instead: 'Bad' })
  t.is(run.job('both/x').state, 'failed')
})

test('the onError of a workflow runs once, after everything that can run, with error and errors', async t => {
  const run = await engine.try(
    'Group',
    `
    steps:
      - { id: a, task: fail, with: { name: One } }
      - { id: b, task: noop }
      - { id: c, chain: [{ id: d, task: fail, with: { name: Two } }] }
    onError:
      - do: [{ id: tell, task: echo, with: { first: "{{ error.step }}", all: "{{ errors }}", state: "{{ run.state }}" } }]
  `,
  )
  t.is(run.state, 'failed')
  const told = run.jobs.filter(job => job.path.endsWith('tell'))
  t.is(told.length, 1)
  const { all, state } = told[0]!.output as { all: { name: string; step: string }[]; state: string }
  t.is(state, 'failed')
  t.deepEqual(all.map(error => `${error.name} ${error.step}`).sort(), ['One a', 'Two c/d'])
})

test('the onError of a workflow may recover it', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps: [{ id: a, task: fail, with: { name: One } }]
    onError: [{ recover: true, do: [{ task: echo, with: saved }] }]
  `,
  )
  t.is(run.state, 'succeeded')
  t.is(run.output, 'saved')
})

test('finally runs last, after onError, in order, and knows how it ends; its failures change nothing', async t => {
  const journal = newJournal()
  const step = (name: string, more = '') =>
    `{ task: journal, with: { journal: "${journal.file}", name: ${name}${more} } }`
  const run = await engine.try(
    'Chain',
    `
    inputs: { x: { type: integer, default: 4 } }
    steps:
      - { id: ok, task: journal, with: { journal: "${journal.file}", name: ok }, finally: [${step('ok-finally')}] }
      - { id: bad, task: journal, with: { journal: "${journal.file}", name: bad, fail: Bad }, onError: [{ do: [${step('bad-error')}] }], finally: [${step('bad-finally')}] }
      - { id: never, task: noop, finally: [${step('never-finally')}] }
    onError: [{ do: [${step('run-error')}] }]
    finally:
      - ${step('first')}
      - { id: state, task: echo, with: "{{ run.state }}" }
      - { id: inputs, task: echo }
      - ${step('second', ', fail: Ignored')}
      - ${step('third')}
  `,
  )
  t.is(run.state, 'failed')
  t.deepEqual(
    journal
      .lines()
      .filter(line => line.startsWith('start'))
      .map(line => line.slice(6)),
    ['ok', 'ok-finally', 'bad', 'bad-error', 'bad-finally', 'run-error', 'first', 'second'],
  )
  t.is(run.jobs.find(job => job.path.endsWith('state'))!.output, 'failed')
  t.is(run.error!.name, 'Bad')
  t.is(run.job('never').state, 'omitted')
})

test('finally of a run that succeeds: the state is succeeded, the output stays, a failure in it changes nothing', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { x: { type: integer, default: 4 } }
    steps: [{ id: ok, task: echo, with: result }]
    finally:
      - { id: state, task: echo, with: "{{ run.state }}" }
      - { id: input, task: echo, with: "{{ inputs.x }}" }
      - { id: bad, task: fail, with: {} }
  `,
  )
  t.is(run.state, 'succeeded')
  t.is(run.output, 'result')
  t.is(run.jobs.find(job => job.path.endsWith('state'))!.output, 'succeeded')
  t.is(run.jobs.find(job => job.path.endsWith('bad'))!.state, 'failed')
  t.is(run.warnings, 0)
})

test('finally gets the inputs as its default input', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { x: { type: integer, default: 4 } }
    steps: [{ id: ok, task: noop }]
    finally: [{ id: got, task: echo }]
  `,
  )
  t.deepEqual(run.jobs.find(job => job.path.endsWith('got'))!.output, { x: 4 })
})

test('skipped and omitted steps run none of their blocks', async t => {
  const run = await engine.try(
    'Flow',
    `
    inputs: { no: { type: boolean, default: false } }
    steps:
      - { id: skip, when: "{{ inputs.no }}", task: noop, finally: [{ id: a, task: noop }] }
      - { id: bad, task: fail, with: {} }
      - { id: gone, needs: [bad], task: noop, finally: [{ id: b, task: noop }], onError: [{ do: [{ id: c, task: noop }] }] }
  `,
  )
  t.deepEqual(run.states(), { skip: 'skipped', bad: 'failed', gone: 'omitted' })
})

test('blocks inside the items of a forEach see their item', async t => {
  const run = await engine.try(
    'Chain',
    `
    inputs: { list: { type: array, default: [a, b, c] } }
    steps:
      - id: each
        forEach: { in: "{{ inputs.list }}", as: x, maxFailures: 3 }
        task: fail
        with: { name: "E{{ x }}" }
        onError: [{ on: [Eb], recover: true, do: [{ id: fix, task: echo, with: "fixed {{ x }}" }] }]
        finally: [{ id: end, task: echo, with: "end {{ x }}" }]
      - { id: all, task: echo, with: ["{{ steps.each.output }}", "{{ steps.each.failedKeys }}"] }
  `,
  )
  t.is(run.state, 'succeeded')
  t.deepEqual(run.output, [
    [null, 'fixed b', null],
    ['0', '2'],
  ])
  t.deepEqual(
    run.jobs
      .filter(job => job.path.endsWith('end'))
      .map(job => job.output)
      .sort(),
    ['end a', 'end b', 'end c'],
  )
  t.is(run.warnings, 2)
})

test('onError with a chain of steps in it, in a nested chain, that itself has handlers', async t => {
  const run = await engine.try(
    'Chain',
    `
    steps:
      - id: outer
        chain:
          - id: inner
            task: fail
            with: { name: A }
            onError:
              - recover: true
                do:
                  - { id: one, task: fail, with: { name: B }, onError: [{ recover: true, do: [{ id: deep, task: echo, with: "{{ error.name }}" }] }] }
                  - { id: two, task: echo, with: "{{ steps.one.output }} in {{ error.name }}" }
          - { id: after, task: echo }
  `,
  )
  t.is(run.state, 'succeeded')
  t.is(run.output, 'B in A')
})
