import test from 'ava'
import { testEngine, workflow } from '../support/engine.ts'

test('a job that does nothing costs four row writes at most', async t => {
  const engine = await testEngine({ slots: 4 })
  t.teardown(engine.stop)
  const items = 1000
  await engine.applyYaml(
    workflow(
      'Chain',
      'noops',
      `
    inputs: { list: { type: array } }
    steps: [{ id: each, forEach: { in: "{{ inputs.list }}" }, task: noop }]
  `,
    ),
  )
  const list = Array.from({ length: items }, (_, i) => i)
  await engine.run('noops', { list })
  const before = await writes(engine)
  await engine.run('noops', { list })
  const after = await writes(engine)
  const perJob = (after - before) / items
  t.log(`${perJob} row writes a job`)
  t.true(perJob >= 3, 'made, deleted, its outcome')
  t.true(perJob <= 4, `${perJob}`)
})

/** Rows written to all tables so far, by all connections of the pool: each is made to say what it has counted. */
const writes = async ({ sql }: Awaited<ReturnType<typeof testEngine>>): Promise<number> => {
  await Promise.all(Array.from({ length: 4 }, () => sql`select pg_stat_force_next_flush(), pg_sleep(0.05)`))
  const [row] = await sql<{ sum: number }>`
  select sum(n_tup_ins + n_tup_upd + n_tup_del)::int as sum from pg_stat_user_tables where schemaname = current_schema()`
  return row!.sum
}
