import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { documents, newJournal, testEngine, until, workflow } from '../support/engine.ts'

/** What waits for the clock of the database, which these tests move: rate limits, retries' delays, missing handlers. */
const engine = await testEngine()
test.after.always(() => engine.stop())

const queue = (name: string, spec: string) =>
  `apiVersion: tq/v1\nkind: Queue\nmetadata: { name: ${name} }\nspec: ${spec}\n`

test.serial('rateLimit: no more than so many start in its time', async t => {
  await engine.applyYaml(
    documents(
      queue('rated', '{ rateLimit: 2/h }'),
      workflow(
        'Group',
        'hasty',
        `
    steps: [{ task: noop, queue: rated }, { task: noop, queue: rated }, { task: noop, queue: rated }, { task: noop, queue: rated }]
  `,
      ),
    ),
  )
  const id = await engine.start('hasty')
  await until(async () => (await engine.sql`select from outcome where run = ${id} and final`).length === 2)
  const done = async () => (await engine.sql`select from outcome where run = ${id} and final`).length
  await engine.clock.advanceMs(1_800_000)
  await until(async () => (await done()) === 3)
  await engine.clock.advanceMs(1_700_000)
  t.is(await done(), 3)
  await engine.clock.advanceMs(100_000)
  t.is((await engine.ended(id)).state, 'succeeded')
})

test.serial('a handler that is missing is no failure: the job waits, and runs when it is there', async t => {
  const file = join(import.meta.dirname, '../support/handlers/comes-later.ts')
  rmSync(file, { force: true })
  t.teardown(() => rmSync(file, { force: true }))
  await engine.applyYaml(
    `apiVersion: tq/v1\nkind: Task\nmetadata: { name: late }\nspec: { handler: echo }\n---\n${workflow('Chain', 'waits', 'steps: [{ id: late, task: late, with: 1 }]')}`,
  )
  // The plan names a handler that this worker does not have: another deployment knows it.
  await engine.sql.script(
    `update plan set document = replace(document::text, '"handler":"echo"', '"handler":"comes-later"')::json where document::text like '%"name":"waits"%'`,
  )
  const id = await engine.start('waits')
  await until(
    async () =>
      (await engine.sql`select from job where run = ${id} and phase = 'scheduled' and failures = 0`).length === 1,
  )
  writeFileSync(file, 'export default () => "here"\n')
  await engine.clock.advanceMs(5_001)
  const run = await engine.ended(id)
  t.is(run.output, 'here')
  t.is(run.job('late').state, 'succeeded')
})

test.serial('a retry waits for its time by the clock of the database', async t => {
  const name = 'patient'
  await engine.applyYaml(`apiVersion: tq/v1
kind: Chain
metadata: { name: ${name} }
spec:
  steps: [{ id: again, task: flaky, with: { times: 1, dir: "${newJournal().dir}" }, retry: { max: 1, delay: 10m, jitter: none, backoff: fixed, maxDelay: 1h } }]
`)
  const id = await engine.start(name)
  await until(async () => (await engine.sql`select from job where run = ${id} and phase = 'scheduled'`).length > 0)
  const [row] = await engine.sql<{
    s: number
  }>`select extract(epoch from due_at - clock_now())::float8 as s from job where run = ${id} and phase = 'scheduled'`
  t.true(row!.s > 590 && row!.s <= 600, `${row!.s}`)
  await engine.clock.advanceMs(601_000)
  t.is((await engine.ended(id)).state, 'succeeded')
})
