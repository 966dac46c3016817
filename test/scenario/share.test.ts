import test from 'ava'
import { documents, testEngine, until, workflow } from '../support/engine.ts'

/** semantics R11 to R13: a worker takes no more than it can start soon, and leaves other queues their turn. */
const list = (length: number) => ({ list: Array.from({ length }, (_, i) => i) })
const many = workflow(
  'Chain',
  'many',
  `
  inputs: { list: { type: array } }
  steps: [{ forEach: { in: "{{ inputs.list }}" }, task: sleep, with: { ms: 10 } }]
  `,
)

test('the items of a forEach are shared with other workers, whoever opened it', async t => {
  const engine = await testEngine({ concurrency: 1 })
  t.teardown(engine.stop)
  const other = await testEngine({ url: engine.url, concurrency: 1 })
  t.teardown(other.stop)
  await engine.applyYaml(many)
  for (let i = 0; i < 2; i++) {
    const { id } = await engine.run('many', list(200))
    const shares = await engine.sql<{ jobs: number }>`
    select count(*)::int as jobs from outcome where run = ${id} and item is not null group by session order by 1`
    t.is(shares.length, 2)
    t.true(shares[0]!.jobs > 50, `${shares.map(share => share.jobs)}`)
  }
})

test('a worker that is full of one queue takes what comes into another before it is through', async t => {
  const engine = await testEngine({ concurrency: 1 })
  t.teardown(engine.stop)
  await engine.applyYaml(
    documents(
      'apiVersion: tq/v1\nkind: Queue\nmetadata: { name: quick }\nspec: {}\n',
      many,
      workflow('Chain', 'one', 'steps: [{ task: noop, queue: quick }]'),
    ),
  )
  const busy = await engine.start('many', list(400))
  const ended = async () => (await engine.sql`select from outcome where run = ${busy} and item is not null`).length
  await until(async () => (await ended()) > 10)
  for (let i = 0; i < 3; i++) await engine.run('one')
  const before = await ended()
  t.true(before < 250, `${before} of 400 came before them`)
  await engine.ended(busy)
})
