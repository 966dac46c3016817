import test from 'ava'
import { apply, type Context, removeNamed } from '../../engine/client.ts'
import { removeDrained } from '../../engine/runtime/change/remove.ts'
import { openHooks } from '../../engine/runtime/hook/hooks.ts'
import {
  applyText,
  documents,
  handlersDir,
  newJournal,
  testEngine,
  type TestEngine,
  until,
  workflow,
} from '../support/engine.ts'

/** Applies that meet each other, and manifests that go away while runs are open (semantics A1). */
let engine: TestEngine
test.before(async () => {
  engine = await testEngine({ idle: true })
})
test.after.always(() => engine?.stop())

const task = (name: string, spec: string) =>
  `apiVersion: tq/v1\nkind: Task\nmetadata: { name: ${name} }\nspec: ${spec}\n`
const chain = (name: string, value: string) => workflow('Chain', name, `steps: [{ task: echo, with: ${value} }]`)
const hourly = (name: string, starts: string) =>
  `apiVersion: tq/v1\nkind: Schedule\nmetadata: { name: ${name} }\nspec: { every: 1h, workflow: ${starts} }\n`
const hook = (name: string, starts: string) =>
  `apiVersion: tq/v1\nkind: Hook\nmetadata: { name: ${name} }\nspec: { path: /${name}, verify: none, workflow: ${starts} }\n`
const revisionOf = async (kind: string, name: string, { sql } = engine): Promise<number | undefined> =>
  (await sql<{ revision: number }>`select revision from manifest where kind = ${kind} and name = ${name}`)[0]?.revision

/** A context that stops between reading what is applied and the transaction, until it is let go. */
const stopped = ({ context }: TestEngine) => {
  const reached = Promise.withResolvers<void>()
  const free = Promise.withResolvers<void>()
  const sql: Context['sql'] = Object.assign(context.sql.bind(null), {
    script: context.sql.script,
    begin: async <T>(work: (inner: Context['sql']) => Promise<T>): Promise<T> => {
      reached.resolve()
      await free.promise
      return context.sql.begin(work)
    },
  })
  return { context: { ...context, sql }, reached: reached.promise, go: free.resolve }
}

test('of two applies of one manifest at once one wins; the other says so and changes nothing', async t => {
  await applyText(engine.context, chain('raced', '1'))
  const late = stopped(engine)
  const losing = applyText(late.context, `${chain('raced', '2')}---\n${chain('raced-too', '2')}`)
  await late.reached
  await applyText(engine.context, chain('raced', '3'))
  late.go()
  const error = await t.throwsAsync(losing, { code: 'CONFLICT' })
  t.regex(error!.message, /somebody else was first: workflow\/raced was applied \(now revision 2\)/)
  t.is(await revisionOf('workflow', 'raced'), 2)
  t.is(await revisionOf('workflow', 'raced-too'), undefined)
})

test('the same content twice at once is no conflict', async t => {
  const late = stopped(engine)
  const second = applyText(late.context, chain('agreed', '1'))
  await late.reached
  await applyText(engine.context, chain('agreed', '1'))
  late.go()
  t.is((await second).find(one => one.name === 'agreed')?.action, 'unchanged')
  t.is(await revisionOf('workflow', 'agreed'), 1)
})

test('a Task that somebody applies meanwhile is what a workflow is compiled with', async t => {
  await applyText(engine.context, task('shared', '{ handler: noop }'))
  const late = stopped(engine)
  const source = { file: 'uses.yaml', text: workflow('Chain', 'uses-shared', 'steps: [{ id: a, task: shared }]') }
  const second = apply(late.context, { sources: [source], handlers: ['noop', 'echo'], origin: 'late' })
  await late.reached
  await applyText(engine.context, task('shared', '{ handler: echo }'))
  late.go()
  const { moved, changes } = await second
  t.deepEqual(moved, ['task/shared'])
  t.is(changes?.[0]?.action, 'created')
  const [row] = await engine.sql<{ handler: string }>`
  select p.document -> 'nodes' -> 1 -> 'task' ->> 'handler' as handler
  from revision r join plan p on p.id = r.plan where r.name = 'uses-shared'`
  t.is(row?.handler, 'echo')
})

test('a Task that somebody applies meanwhile and that breaks a workflow keeps it from being applied', async t => {
  const schema = (field: string) =>
    `{ handler: noop, outputSchema: { type: object, additionalProperties: false, properties: { ${field}: {} } } }`
  await applyText(engine.context, task('moving', schema('id')))
  const late = stopped(engine)
  const uses = workflow(
    'Chain',
    'uses-moving',
    'steps: [{ id: a, task: moving }, { task: echo, with: "{{ steps.a.output.id }}" }]',
  )
  const second = applyText(late.context, uses)
  await late.reached
  await applyText(engine.context, task('moving', schema('key')))
  late.go()
  await t.throwsAsync(second, { message: /UNKNOWN_REFERENCE the output of .* has no "id"/ })
  t.is(await revisionOf('workflow', 'uses-moving'), undefined)
})

test('what has open runs is not pruned; with drain nothing starts it any more, and it goes with its last run', async t => {
  const own = await testEngine({ idle: true })
  t.teardown(own.stop)
  const all = documents(chain('old', '1'), chain('other', '1'))
  const there = { origin: 'there' }
  await applyText(own.context, all, there)
  await applyText(own.context, documents(hourly('each-hour', 'old'), hook('asked', 'old')), { origin: 'elsewhere' })
  const run = await own.start('old')
  const prune = (more: object = {}) =>
    applyText(own.context, chain('other', '1'), { ...there, remove: 'missing', ...more })
  const would = await prune({ dryRun: true })
  t.deepEqual(
    would.map(one => [one.name, one.action]),
    [
      ['other', 'unchanged'],
      ['old', 'refused'],
    ],
  )
  await t.throwsAsync(prune(), { code: 'CONFLICT', message: /starts workflow\/old/ })
  await removeNamed(own.context, { names: ['hook/asked', 'each-hour'], handlersDir, drain: false, dryRun: false })
  await t.throwsAsync(prune(), { code: 'CONFLICT', message: /workflow\/old has 1 run that has not ended; .*--drain/ })
  await applyText(own.context, documents(hourly('each-hour', 'old'), hook('asked', 'old')), { origin: 'elsewhere' })

  const drained = await prune({ drain: true })
  t.deepEqual(drained.map(one => [one.kind, one.name, one.action]).sort(), [
    ['hook', 'asked', 'draining'],
    ['schedule', 'each-hour', 'draining'],
    ['workflow', 'old', 'draining'],
    ['workflow', 'other', 'unchanged'],
  ])
  await t.throwsAsync(own.start('old'), { code: 'CONFLICT', message: /draining/ })
  t.is((await openHooks(own.context)).find('/asked'), undefined)
  t.is(await removeDrained(own.context), 3)
  t.is(await revisionOf('workflow', 'old', own), 1)
  t.deepEqual(
    (await prune()).filter(one => one.name === 'old').map(one => one.action),
    ['kept'],
  )

  const worker = await testEngine({ url: own.url })
  t.teardown(worker.stop)
  await worker.ended(run)
  await until(async () => (await revisionOf('workflow', 'old', own)) === undefined)
  for (const [kind, name] of [
    ['workflow', 'old'],
    ['schedule', 'each-hour'],
    ['hook', 'asked'],
  ] as const)
    t.is(await revisionOf(kind, name, own), undefined, name)
  t.is((await own.sql`select from schedule`).length, 0)
  t.is((await own.sql`select from revision where name = 'old'`).length, 1)
})

test('a draining schedule does not fire; applying its workflow again ends the draining, and it fires again', async t => {
  const own = await testEngine()
  t.teardown(own.stop)
  const journal = newJournal()
  const gated = workflow(
    'Chain',
    'gated',
    `steps: [{ task: journal, with: { journal: "${journal.file}", name: a, gate: "${journal.gate('go')}" } }]`,
  )
  await applyText(own.context, gated, { origin: 'one' })
  await applyText(own.context, documents(chain('beside', '1'), hourly('fires', 'gated'), hourly('beside', 'beside')), {
    origin: 'two',
  })
  const first = await own.start('gated')
  await removeNamed(own.context, { names: ['workflow/gated'], handlersDir, drain: true, dryRun: false })
  const runsBy = (trigger: string) => own.sql<{ id: string }>`select id from run where trigger = ${trigger}`
  await own.clock.advanceMs(3_600_000)
  await until(async () => (await runsBy('schedule/beside')).length > 0)
  t.is((await runsBy('schedule/fires')).length, 0)

  const again = await applyText(own.context, gated, { origin: 'one' })
  t.deepEqual(
    again.filter(one => one.action !== 'unchanged').map(one => [one.name, one.action, one.revision, one.effects]),
    [['gated', 'updated', 1, [{ what: 'resumed' }]]],
  )
  await until(async () => (await runsBy('schedule/fires')).length > 0)
  journal.open('go')
  await own.ended(first)
  t.is(await revisionOf('workflow', 'gated', own), 1)
})

test('what drains is deleted by whoever does the chores, soon after its last run has ended', async t => {
  const own = await testEngine()
  t.teardown(own.stop)
  const journal = newJournal()
  await applyText(
    own.context,
    workflow(
      'Chain',
      'last',
      `steps: [{ task: journal, with: { journal: "${journal.file}", name: a, gate: "${journal.gate('go')}" } }]`,
    ),
  )
  const run = await own.start('last')
  await removeNamed(own.context, { names: ['last'], handlersDir, drain: true, dryRun: false })
  journal.open('go')
  await own.ended(run)
  await until(async () => (await revisionOf('workflow', 'last', own)) === undefined)
  t.pass()
})

test('a Task or a queue that something uses is not deleted: the place that uses it is told', async t => {
  const own = await testEngine({ idle: true })
  t.teardown(own.stop)
  const queue = 'apiVersion: tq/v1\nkind: Queue\nmetadata: { name: mail }\nspec: {}\n'
  await applyText(
    own.context,
    documents(
      queue,
      task('send', '{ handler: noop, queue: mail }'),
      workflow('Chain', 'sends', 'steps: [{ task: send }]'),
    ),
    { file: 'mail.yaml' },
  )
  const gone = (name: string) => removeNamed(own.context, { names: [name], handlersDir, drain: false, dryRun: false })
  const codes = async (name: string) =>
    (await gone(name)).diagnostics.map(one => `${one.file}:${one.line} ${one.code} ${one.message}`)
  t.deepEqual(await codes('task/send'), [
    'mail.yaml:15 UNKNOWN_TASK task "send" is not defined; it is applied, and about to be deleted (in workflow/sends, applied, and not among these manifests)',
  ])
  t.regex(
    (await codes('queue/mail'))[0]!,
    /^mail\.yaml:9 UNKNOWN_QUEUE queue "mail" is not declared; it is applied, and about to be deleted/,
  )
  await gone('workflow/sends')
  t.deepEqual(
    (await gone('task/send')).changes?.map(one => one.action),
    ['deleted'],
  )
  await t.throwsAsync(gone('task/send'), { code: 'NOT_FOUND' })
})

test('a diff says which handlers no live worker announces, and how many runs stay on the revision they have', async t => {
  const own = await testEngine()
  t.teardown(own.stop)
  const journal = newJournal()
  const steps = (more: string) =>
    workflow(
      'Chain',
      'flying',
      `steps: [{ task: journal, with: { journal: "${journal.file}", name: a, gate: "${journal.gate('go')}" } }, ${more}]`,
    )
  await applyText(own.context, steps('{ task: noop }'))
  const run = await own.start('flying')
  await journal.seen('start a')
  const { changes, unannounced } = await apply(own.context, {
    sources: [{ file: 'flying.yaml', text: steps('{ id: far, task: far/away }') }],
    handlers: ['journal', 'far/away'],
    origin: 'test',
    dryRun: true,
  })
  t.deepEqual(
    changes?.map(({ action, runs, inFlight, revision }) => ({
      action,
      runs,
      inFlight: inFlight.map(one => one.revision),
      revision,
    })),
    [{ action: 'updated', runs: 1, inFlight: [1], revision: 2 }],
  )
  t.deepEqual(unannounced.handlers, [{ handler: 'far/away', by: ['workflow/flying'] }])
  journal.open('go')
  t.is((await own.ended(run)).state, 'succeeded')
  t.is(await revisionOf('workflow', 'flying', own), 1)
})
