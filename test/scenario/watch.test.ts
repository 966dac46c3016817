import test from 'ava'
import { snapshot, watch, type WatchedNode } from '../../engine/client.ts'
import { tallyNodes } from '../../engine/store/tally.ts'
import { newJournal, testEngine, type TestEngine, until, workflow } from '../support/engine.ts'

let engine: TestEngine
test.before(async () => {
  engine = await testEngine({ slots: 20 })
})
test.after.always(() => engine?.stop())

/** What is counted: how many of each node and state, with the most tries, the first start and the last end. */
const sums = (nodes: WatchedNode[]) =>
  nodes
    .map(({ node, state, jobs, attempts, started_at, ended_at, total }) =>
      JSON.stringify({ node, state, jobs, attempts, started_at, ended_at, total }),
    )
    .sort()

test('looks that go on where the last one ended count what one look at everything counts', async t => {
  const journal = newJournal()
  const gated = (name: string) =>
    `{ id: ${name}, task: journal, with: { journal: "${journal.file}", name: ${name}, gate: "${journal.gate(name)}" } }`
  await engine.applyYaml(
    workflow(
      'Flow',
      'counted',
      `steps:
        - ${gated('begin')}
        - id: many
          needs: [begin]
          forEach: { in: [${Array.from({ length: 3000 }, (_, i) => i % 7).join(', ')}], maxFailures: 100% }
          chain:
            - { id: first, task: flaky, with: { failures: 0 } }
            - { id: inner, forEach: { in: [1, 2] }, task: noop }
        - id: failing
          needs: [begin]
          forEach: { in: [1, 2, 3], maxFailures: 100% }
          task: fail
          with: { name: Odd, message: so }
        - id: end
          needs: [many, failing]
          task: journal
          with: { journal: "${journal.file}", name: end, gate: "${journal.gate('end')}" }`,
    ),
  )
  const id = await engine.start('counted')
  const seen: WatchedNode[][] = []
  const stop = new AbortController()
  const watching = (async () => {
    for await (const now of watch(engine.context, id, stop.signal)) seen.push(now.nodes)
  })()
  await until(() => seen.length > 0)
  journal.open('begin')
  await journal.seen('start end')
  const looks = seen.length
  await until(() => seen.length > looks + 2)
  const whole = await snapshot(engine.context, id)
  t.deepEqual(sums(seen.at(-1)!), sums(whole.nodes))
  t.true(
    seen.at(-1)!.some(one => one.jobs >= 3000),
    JSON.stringify(seen.at(-1)),
  )
  t.true(looks > 1, `${looks} looks while it ran`)
  journal.open('end')
  t.is((await engine.ended(id)).state, 'succeeded')
  await watching
  t.deepEqual(sums(seen.at(-1)!), sums((await snapshot(engine.context, id)).nodes))
})

test('what has ended before the place where a look begins is not read again', async t => {
  const { sql } = engine
  const run = '019b0000-0000-7000-8000-000000000001'
  await sql`
  insert into outcome (run, n, attempt, tries, node, parent, item, state, final, ended_at)
  select ${run}, n, 1, 1, 2, 1, n - 3, 'succeeded', true, clock_now() from generate_series(3, 5002) n`
  await sql`
  insert into job (run, due_at, n, plan, node, base, parent, item, queue, rank, phase)
  select ${run}, clock_now(), n, 1, 2, n - 2, 1, n - 3, 1, 4, 'ready' from generate_series(5003, 5010) n`
  const first = await tallyNodes(sql, { run, size: 3, from: 3 })
  t.deepEqual(
    first.map(({ state, jobs, past, next }) => ({ state, jobs, past, next })),
    [
      { state: 'queued', jobs: 8, past: false, next: 5003 },
      { state: 'succeeded', jobs: 5000, past: true, next: 5003 },
    ],
  )
  const second = await tallyNodes(sql, { run, size: 3, from: first[0]!.next })
  t.deepEqual(
    second.map(({ state, jobs }) => [state, jobs]),
    [['queued', 8]],
  )
})
