import test from 'ava'
import { exported, history, readManifests, rollback } from '../../engine/client.ts'
import { applyText, handlersDir, newJournal, testEngine, type TestEngine, workflow } from '../support/engine.ts'

let engine: TestEngine
test.before(async () => {
  engine = await testEngine()
})
test.after.always(() => engine?.stop())

/** Applies text as if it came from a folder of this name. */
const applyFrom = (origin: string, text: string, prune = false, { context } = engine) =>
  applyText(context, text, { file: `${origin}/a.yaml`, origin, ...(prune ? { remove: 'missing' as const } : {}) })
const back = (name: string, to?: number, dryRun = false) =>
  rollback(engine.context, { kind: 'workflow', name, ...(to ? { to } : {}), handlersDir, dryRun })
const chain = (name: string, value: string) => workflow('Chain', name, `steps: [{ task: echo, with: ${value} }]`)

test('an older revision becomes the current one again, as a new one; runs keep what they started with', async t => {
  const journal = newJournal()
  const gated = workflow(
    'Chain',
    'turned',
    `steps: [{ task: journal, with: { journal: "${journal.file}", name: a, gate: "${journal.gate('go')}" } }, { task: echo, with: new }]`,
  )
  await applyFrom('one', chain('turned', 'old'))
  await applyFrom('one', gated)
  const running = await engine.start('turned')
  const listed = await history(engine.context, { kind: 'workflow', name: 'turned' })
  t.deepEqual(
    listed.map(({ revision, current, runs }) => ({ revision, current, runs })),
    [
      { revision: 2, current: true, runs: 1 },
      { revision: 1, current: false, runs: 0 },
    ],
  )
  const tried = await back('turned', undefined, true)
  t.is(tried.to, 1)
  t.is((await history(engine.context, { kind: 'workflow', name: 'turned' })).length, 2)

  const done = await back('turned')
  t.deepEqual(
    done.changes?.map(({ action, revision }) => ({ action, revision })),
    [{ action: 'updated', revision: 3 }],
  )
  t.is((await engine.run('turned')).output, 'old')
  journal.open('go')
  t.is((await engine.ended(running)).output, 'new')
  t.deepEqual(
    (await back('turned', 1)).changes?.map(change => change.action),
    ['unchanged'],
  )
  await t.throwsAsync(back('turned', 9), { code: 'NOT_FOUND', message: /no revision 9; it has 1 to 3/ })
  await t.throwsAsync(back('turnt'), { code: 'NOT_FOUND', message: /did you mean "turned"/ })
})

test('what does not fit any more is not gone back to, and says why', async t => {
  const task = 'apiVersion: tq/v1\nkind: Task\nmetadata: { name: brief }\nspec: { handler: echo }\n---\n'
  await applyFrom('two', `${task}${workflow('Chain', 'uses-brief', 'steps: [{ task: brief, with: 1 }]')}`)
  await applyFrom('two', chain('uses-brief', '2'), true)
  const { changes, diagnostics } = await back('uses-brief')
  t.is(changes, null)
  t.deepEqual(
    diagnostics.map(one => one.code),
    ['UNKNOWN_TASK'],
  )
  t.is((await engine.run('uses-brief')).output, 2)
})

test('what is applied comes back as it was written, comments included, also where a Task it uses has changed since', async t => {
  const written =
    '# why there is this\napiVersion: tq/v1\nkind: Chain # a chain\nmetadata: { name: noted }\nspec:\n  steps:\n    # first of all\n    - task: counted\n# the end\n'
  const task = (max: number) =>
    `apiVersion: tq/v1\nkind: Task\nmetadata: { name: counted }\nspec: { handler: noop, retry: { max: ${max} } }\n`
  const own = await testEngine({ idle: true })
  t.teardown(own.stop)
  await applyFrom('three', `${task(1)}---\n${written}---\n${chain('beside', '1')}`, false, own)
  await applyFrom('three', task(2), false, own)
  t.is((await history(own.context, { kind: 'workflow', name: 'noted' })).length, 2)
  const [noted] = await exported(own.context, { kind: 'workflow', name: 'noted' })
  t.is(noted!.source, written)
  const all = await exported(own.context, null)
  const again = await applyFrom('three', all.map(one => one.source).join('---\n'), false, own)
  t.deepEqual(
    again.filter(change => change.action !== 'unchanged' && change.action !== 'kept'),
    [],
  )
})

test('a workflow that was recompiled stays with the folder that it was applied from', async t => {
  const task = (max: number) =>
    `apiVersion: tq/v1\nkind: Task\nmetadata: { name: shared }\nspec: { handler: noop, retry: { max: ${max} } }\n`
  await applyFrom('tasks', task(1))
  await applyFrom('flows', workflow('Chain', 'shares', 'steps: [{ task: shared }]'))
  await applyFrom('tasks', task(2))
  const rows = await readManifests(engine.sql, { namespace: 'default' })
  t.deepEqual(
    rows.filter(row => row.name.startsWith('share')).map(row => [row.name, row.revision, row.origin]),
    [
      ['shared', 2, 'tasks'],
      ['shares', 2, 'flows'],
    ],
  )
})
