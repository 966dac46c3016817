import test from 'ava'
import { node, planOf, shape, workflow } from './support.ts'

test('a chain is edges in a row, and only its last step tells the chain', t => {
  const plan = planOf(workflow('Chain', 'steps: [{ id: a, task: noop }, { task: noop }, { id: c, task: noop }]'))
  t.deepEqual(shape(plan), ['. chain', 'a task', '1 task', 'c task'])
  t.deepEqual(node(plan, 'a').edges, [{ to: 2, on: 'met' }])
  t.deepEqual(
    plan.nodes.map(one => [one.needs, one.tells]),
    [
      [0, true],
      [0, false],
      [1, false],
      [1, true],
    ],
  )
  t.deepEqual(
    plan.nodes.map(one => one.input),
    [{ from: 'inputs' }, { from: 'container' }, { from: 'previous', of: [1] }, { from: 'previous', of: [2] }],
  )
  t.deepEqual(plan.nodes[0]!.result, [3])
  t.true(plan.nodes.every(one => one.read))
})

test('previous looks back through steps that may be skipped and containers written empty', t => {
  const plan = planOf(
    workflow(
      'Chain',
      'inputs: { go: { type: boolean } }\nsteps: [{ task: noop }, { task: noop, when: "{{ inputs.go }}" }, { group: [] }, { task: noop }]',
    ),
  )
  t.deepEqual(plan.nodes[4]!.input, { from: 'previous', of: [2, 1] })
})

test('members of a group start together and each tells the group', t => {
  const plan = planOf(workflow('Group', 'steps: [{ id: a, task: noop }, { id: b, task: noop }]'))
  t.deepEqual(
    plan.nodes.slice(1).map(one => [one.needs, one.tells, one.edges, one.input]),
    [
      [0, true, undefined, { from: 'container' }],
      [0, true, undefined, { from: 'container' }],
    ],
  )
})

test('a bare group inside a group is its members in its place', t => {
  const plan = planOf(
    workflow('Group', 'steps: [{ task: noop }, { group: [{ task: noop }, { group: [{ task: log }] }] }]'),
  )
  t.deepEqual(shape(plan), ['. group', '0 task', '1 task', '2 task'])
})

test('a group with an id keeps its place', t => {
  const plan = planOf(workflow('Group', 'steps: [{ id: inner, group: [{ task: noop }] }]'))
  t.deepEqual(shape(plan), ['. group', 'inner group', 'inner/0 task'])
})

test('a chord is its header as a group, then its body', t => {
  const plan = planOf(workflow('Chord', 'header: [{ id: a, task: noop }, { id: b, task: noop }]\nbody: { task: log }'))
  t.deepEqual(shape(plan), ['. chord', 'header group', 'header/a task', 'header/b task', 'body task'])
  t.deepEqual(node(plan, 'header').edges, [{ to: 4, on: 'met' }])
  t.deepEqual(node(plan, 'body').input, { from: 'header', node: 1 })
  t.deepEqual([node(plan, 'header').tells, node(plan, 'body').tells], [false, true])
  t.true(node(plan, 'header/a').read)
})

test('a header whose only member is a forEach is that forEach', t => {
  const plan = planOf(
    workflow('Chord', 'header: [{ id: all, forEach: { in: [1, 2] }, task: noop }]\nbody: { task: log }'),
  )
  t.deepEqual(shape(plan), ['. chord', 'header/all forEach', 'header/all task', 'body task'])
  t.deepEqual(node(plan, 'body').input, { from: 'header', node: 1 })
})

test("a header's outputs that nobody reads are not read", t => {
  const plan = planOf(workflow('Chord', 'header: [{ id: a, task: noop }]\nbody: { task: log, with: done }'))
  t.falsy(node(plan, 'header').read)
  t.falsy(node(plan, 'header/a').read)
})

test('a flow has the edges of its needs, and joins of several count', t => {
  const plan = planOf(
    workflow(
      'Flow',
      'steps: [{ id: d, needs: [b, c], task: noop }, { id: a, task: noop }, { id: b, needs: [a], task: noop }, { id: c, needs: [a], task: noop }]',
    ),
  )
  t.deepEqual(shape(plan), ['. flow', 'd task', 'a task', 'b task', 'c task'])
  t.deepEqual(node(plan, 'a').edges, [
    { to: 3, on: 'met' },
    { to: 4, on: 'met' },
  ])
  t.deepEqual([node(plan, 'd').needs, node(plan, 'b').needs], [2, 1])
  t.deepEqual(
    ['a', 'b', 'c', 'd'].map(path => node(plan, path).tells),
    [false, true, true, true],
  )
})

test('an any is a node before the step that needs it, and a failure is an edge of its own kind', t => {
  const plan = planOf(
    workflow(
      'Flow',
      'steps: [{ id: a, task: noop }, { id: b, task: noop }, { id: c, needs: [{ any: [a, { step: b, on: failed }] }], task: noop }]',
    ),
  )
  t.deepEqual(shape(plan), ['. flow', 'a task', 'b task', 'c?any0 any', 'c task'])
  t.deepEqual(node(plan, 'b').edges, [{ to: 3, on: 'failed' }])
  t.deepEqual([node(plan, 'c?any0').needs, node(plan, 'c?any0').tells, node(plan, 'c').needs], [2, false, 1])
})

test('a forEach takes when and allowFailure, its child everything else', t => {
  const plan = planOf(
    workflow(
      'Chain',
      'steps: [{ id: all, when: true, allowFailure: true, retry: { max: 2 }, forEach: { in: [1], as: n, maxFailures: 5%, concurrency: 3 }, task: noop, with: "{{ n }}" }]',
    ),
  )
  const loop = node(plan, 'all', 'forEach')
  const child = node(plan, 'all', 'task')
  t.deepEqual(loop.forEach, {
    in: { value: [1] },
    as: 'n',
    concurrency: 3,
    maxFailures: { share: 0.05 },
    stopOnFailure: false,
  })
  t.deepEqual([loop.when, loop.allowFailure, loop.retry], [{ value: true }, true, undefined])
  t.deepEqual([child.when, child.allowFailure, child.retry?.max], [undefined, undefined, 2])
  t.deepEqual([child.parent, child.input], [1, { from: 'item', loop: 1 }])
  t.like(child.with, { expression: { root: { name: 'item', loop: 1 }, path: [] } })
})

test('onError and finally are chains inside of the node they belong to', t => {
  const plan = planOf(
    workflow(
      'Chain',
      'steps: [{ id: a, task: noop, onError: [{ on: [Timeout], recover: true, do: [{ task: log }, { task: noop }] }], finally: [{ task: log }] }, { task: noop }]',
    ),
  )
  const block = node(plan, 'a/onError0')
  t.deepEqual(shape(plan), [
    '. chain',
    'a task',
    'a/onError0 chain',
    'a/onError0/0 task',
    'a/onError0/1 task',
    'a/finally chain',
    'a/finally/0 task',
    '1 task',
  ])
  t.deepEqual(node(plan, 'a').onError, [{ on: ['Timeout'], recover: true, block: 2 }])
  t.deepEqual([node(plan, 'a').finally, node(plan, 'a').end], [5, 7])
  t.deepEqual(
    [block.role, block.parent, block.input, node(plan, 'a/onError0/0').input],
    ['onError', 1, { from: 'error' }, { from: 'error' }],
  )
  t.deepEqual(node(plan, 'a/onError0/1').input, { from: 'previous', of: [3] })
  t.deepEqual(node(plan, 'a/finally/0').input, { from: 'inputs' })
  t.deepEqual([block.read, node(plan, 'a/finally').read], [true, undefined])
})

test('subtrees are ranges of ids', t => {
  const plan = planOf(
    workflow('Chain', 'steps: [{ group: [{ chain: [{ task: noop }] }, { task: noop }] }, { task: noop }]'),
  )
  t.deepEqual(
    plan.nodes.map(one => [one.parent, one.end]),
    [
      [-1, 6],
      [0, 5],
      [1, 4],
      [2, 4],
      [1, 5],
      [0, 6],
    ],
  )
})

test('a policy is of the step, else of the Task, else of the defaults', t => {
  const task =
    'apiVersion: tq/v1\nkind: Task\nmetadata: { name: job }\nspec: { handler: noop, retry: { max: 4 }, priority: 7 }\n---\n'
  const plan = planOf(
    task +
      workflow(
        'Chain',
        'defaults: { retry: { max: 9, delay: 2s }, timeout: 1m }\nsteps: [{ task: job }, { task: noop }, { task: job, retry: { max: 1 }, timeout: 5s }]',
      ),
  )
  t.deepEqual(
    plan.nodes.slice(1).map(one => [one.retry?.max, one.timeoutMs, one.task?.priority]),
    [
      [4, 60_000, 7],
      [9, 60_000, 5],
      [1, 5000, 7],
    ],
  )
  t.deepEqual(plan.nodes[2]!.retry, {
    max: 9,
    delayMs: 2000,
    backoff: 'exponential',
    maxDelayMs: 300_000,
    jitter: 'full',
  })
})

test('a Task has a plan of one node that gets the inputs as a whole', t => {
  const plan = planOf(
    'apiVersion: tq/v1\nkind: Task\nmetadata: { name: job }\nspec: { handler: sleep, timeout: 5s, onLost: fail }\n',
  )
  t.is(plan.kind, 'Task')
  t.like(plan.nodes, [{ path: '', parent: -1, end: 1, input: { from: 'inputs' }, timeoutMs: 5000 }])
  t.deepEqual(plan.nodes[0]!.task, { name: 'job', handler: 'sleep', queue: 'default', priority: 5, onLost: 'fail' })
})
