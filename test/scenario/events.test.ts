import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import test from 'ava'
import schema from '../../schemas/events.json' with { type: 'json' }
import { type CloudEvent, openEvents, positionAt, switchEvents } from '../../engine/client.ts'
import { code } from '../../engine/model/event.ts'
import { tellFacts } from '../../engine/store/event.ts'
import { newJournal, testEngine, type TestEngine, until, workflow } from '../support/engine.ts'
import { eventsOf, withoutReleased } from '../support/events.ts'
import { insertRun } from '../support/store.ts'

let engine: TestEngine
test.before(async () => {
  engine = await testEngine({ leaseMs: 2000 })
})
test.after.always(() => engine?.stop())

const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
const valid = ajv.compile(schema)

/** `type attempt` by step, in their order. */
const bySteps = (events: CloudEvent[]): Record<string, string[]> => {
  const steps: Record<string, string[]> = {}
  for (const { type, data } of withoutReleased(events)) {
    const step = String(data.step ?? 'run')
    const name = type.slice(type.indexOf('.') + 1)
    ;(steps[step] ??= []).push((data.attempt ?? 1) === 1 ? name : `${name} ${data.attempt}`)
  }
  return steps
}
const ran = ['queued', 'claimed', 'started', 'succeeded']

test('every transition of every job is told, in its order, once', async t => {
  const journal = newJournal()
  await engine.applyYaml(
    workflow(
      'Chain',
      'told',
      `
    inputs: { no: { type: boolean, default: false } }
    steps:
      - { id: a, task: noop }
      - id: both
        group:
          - { id: each, forEach: { in: [1, 2] }, task: noop }
          - { id: again, task: flaky, with: { times: 1, dir: "${journal.dir}" }, retry: { max: 1, delay: 1ms } }
          - { id: skip, when: "{{ inputs.no }}", task: noop }
          - { id: when, when: "{{ not inputs.no }}", task: noop }
          - { id: saved, task: fail, with: { name: Bad }, onError: [{ recover: true, do: [{ id: heal, task: noop }] }] }
      - { id: bad, task: fail, with: { name: Worse, message: no } }
      - { id: late, task: noop }
    finally: [{ id: end, task: noop }]
  `,
    ),
  )
  const run = await engine.run('told')
  t.is(run.state, 'failed')
  const events = await eventsOf(engine, run.id)
  const steps = bySteps(events)
  t.deepEqual(
    Object.fromEntries(Object.entries(steps).sort()),
    {
      '': ['started', 'failed'],
      run: ['started', 'failed'],
      a: ran,
      bad: ['queued', 'claimed', 'started', 'failed'],
      both: ['started', 'succeeded'],
      'both/again': ['queued', 'claimed', 'started', 'retried', 'queued 2', 'claimed 2', 'started 2', 'succeeded 2'],
      'both/each': ['started', 'succeeded'],
      'both/each[0]': ran,
      'both/each[1]': ran,
      'both/saved': ['queued', 'claimed', 'started', 'succeeded'],
      'both/saved/onError0': ['started', 'succeeded'],
      'both/saved/onError0/heal': ran,
      'both/skip': ['skipped'],
      'both/when': ran,
      late: ['omitted'],
      finally: ['started', 'succeeded'],
      'finally/end': ran,
    },
    JSON.stringify(steps, null, 1),
  )
  t.is(new Set(events.map(event => event.id)).size, events.length)
  for (const event of events) t.true(valid(event), JSON.stringify([valid.errors, event]))
  const failed = events.find(event => event.type === 'job.failed' && event.data.step === 'bad')!
  t.like(failed.data, {
    task: 'fail',
    queue: 'default',
    worker: 'test',
    attempt: 1,
    error: { name: 'Worse', message: 'no' },
  })
  t.regex(failed.traceparent!, new RegExp(`^00-${run.id.replaceAll('-', '')}-[0-9a-f]{16}-01$`))
})

test('a job that runs long is told of as started while it runs; one that waits behind it only as claimed', async t => {
  const journal = newJournal()
  await engine.applyYaml(
    workflow(
      'Chain',
      'long',
      `steps: [{ id: a, task: journal, with: { journal: "${journal.file}", name: a, gate: "${journal.gate('go')}" } }]`,
    ),
  )
  const id = await engine.start('long')
  const reader = openEvents(engine.context, await positionAt(engine.sql, null))
  const seen: string[] = []
  await until(async () => {
    seen.push(...(await reader.read()).events.filter(event => event.data.run === id).map(event => event.type))
    return seen.includes('job.started') && seen.filter(type => type === 'job.started').length === 2
  })
  t.false(seen.includes('job.succeeded'))
  journal.open('go')
  await engine.ended(id)
  t.deepEqual(bySteps(await eventsOf(engine, id)).a, ran)
})

test('who wants events of one kind gets those alone, as they are among all', async t => {
  await engine.applyYaml(workflow('Chain', 'wrong', 'steps: [{ task: fail, with: { name: Odd, message: so } }]'))
  const from = await positionAt(engine.sql, null)
  const id = await engine.start('wrong')
  await engine.ended(id)
  const [all, failed] = [openEvents(engine.context, from), openEvents(engine.context, from, ['run.failed'])]
  const seen = { all: [] as CloudEvent[], failed: [] as CloudEvent[] }
  await until(async () => {
    seen.all.push(...(await all.read()).events)
    seen.failed.push(...(await failed.read()).events)
    return [seen.all, seen.failed].every(events => events.some(one => one.type === 'run.failed' && one.subject === id))
  })
  t.true(seen.all.length > seen.failed.length)
  t.deepEqual(
    seen.failed,
    seen.all.filter(event => event.type === 'run.failed'),
  )
})

test('events have the input from the moment at which it is known', async t => {
  const journal = newJournal()
  await engine.applyYaml(
    workflow(
      'Chain',
      'given',
      `
    inputs: { n: { type: integer } }
    steps:
      - { id: quick, task: echo, with: { n: "{{ inputs.n }}" } }
      - { id: slow, task: journal, with: { journal: "${journal.file}", name: a, gate: "${journal.gate('go')}" } }`,
    ),
  )
  const id = await engine.start('given', { n: 7 })
  const reader = openEvents(engine.context, await positionAt(engine.sql, null))
  const seen: CloudEvent[] = []
  await until(async () => {
    seen.push(...(await reader.read()).events.filter(event => event.data.run === id))
    return seen.some(event => event.type === 'job.started' && event.data.step === 'slow')
  })
  journal.open('go')
  const inputs = (step: string | undefined, events: CloudEvent[]) =>
    events.filter(event => event.data.step === step).map(event => [event.type, event.data.input])
  t.deepEqual(inputs('slow', withoutReleased(seen)), [
    ['job.queued', undefined],
    ...['job.claimed', 'job.started'].map(type => [
      type,
      { journal: journal.file, name: 'a', gate: journal.gate('go') },
    ]),
  ])
  await engine.ended(id)
  const events = withoutReleased(await eventsOf(engine, id))
  t.deepEqual(inputs(undefined, events)[0], ['run.started', { n: 7 }])
  t.deepEqual(inputs('quick', events), [
    ['job.queued', undefined],
    ...['job.claimed', 'job.started', 'job.succeeded'].map(type => [type, { n: 7 }]),
  ])
  for (const event of events) t.true(valid(event), JSON.stringify([valid.errors, event]))
})

test('a Task that is run by itself is told of with its input from the first', async t => {
  await engine.applyYaml('apiVersion: tq/v1\nkind: Task\nmetadata: { name: alone }\nspec: { handler: noop }\n')
  const run = await engine.run('alone', { a: 1 })
  const events = withoutReleased(await eventsOf(engine, run.id))
  t.deepEqual(
    events.filter(event => event.data.step === '').map(event => [event.type, event.data.input]),
    ['queued', 'claimed', 'started', 'succeeded'].map(what => [`job.${what}`, { a: 1 }]),
  )
})

test('a heartbeat says all that a worker says when it comes, and how it does', async t => {
  const reader = openEvents(engine.context, await positionAt(engine.sql, null))
  const seen: CloudEvent[] = []
  const first = (type: string) => seen.find(event => event.type === type)
  await until(async () => {
    seen.push(...(await reader.read()).events)
    return first('worker.online') && first('worker.heartbeat')
  })
  const { heartbeatMs, software, version, system } = first('worker.online')!.data
  t.is(software, 'tq')
  const { data } = first('worker.heartbeat')!
  t.like(data, { heartbeatMs, software, version, system })
  t.deepEqual(
    ['active', 'processed', 'loadavg'].filter(field => !(field in data)),
    [],
  )
})

test('events are off where the namespace says so, and nothing is written', async t => {
  const own = await testEngine()
  t.teardown(own.stop)
  const count = async () => (await own.sql`select from event_batch where run is not null`).length
  await own.applyYaml(workflow('Chain', 'silent', 'steps: [{ task: noop }]'))
  await switchEvents(own.context, false)
  t.is((await own.run('silent')).state, 'succeeded')
  t.is(await count(), 0)
  await switchEvents(own.context, true)
  await own.run('silent')
  t.true((await count()) > 0)
})

test('what is committed late is neither passed over nor told out of its order; what is rolled back holds nobody up for long', async t => {
  const own = await testEngine({ idle: true })
  t.teardown(own.stop)
  const { sql } = own
  const tell = (on: typeof sql, run: string) =>
    tellFacts(on, {
      namespace: 'default',
      session: null,
      facts: [{ what: code['run.cancelling'], run, n: 0, node: 0, item: null, tries: 1 }],
    })
  const runs = await Promise.all([insertRun(sql), insertRun(sql), insertRun(sql)])
  const reader = openEvents(own.context, 0)
  const read = async () => (await reader.read()).events.map(event => event.data.run)
  await sql.begin(async inner => {
    await tell(inner, runs[0]!)
    await tell(sql, runs[1]!)
    t.deepEqual(await read(), [])
  })
  t.deepEqual(await read(), [runs[0], runs[1]])
  await t.throwsAsync(
    sql.begin(async inner => {
      await tell(inner, runs[0]!)
      throw new Error('rolled back')
    }),
  )
  await tell(sql, runs[2]!)
  t.deepEqual(await read(), [])
  const found = await until(async () => {
    const page = await read()
    return page.length > 0 && page
  })
  t.deepEqual(found, [runs[2]])
})
