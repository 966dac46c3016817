import test from 'ava'
import { testDatabase } from '../support/postgres.ts'
import { dev, printed, project, stop, tqHere, write } from './support.ts'

/** A project and a migrated database of its own; nothing runs. */
const opened = async (files: { [path: string]: string }) => {
  const dir = project({
    'tasks/charge.ts': 'export default () => null\n',
    'tasks/ship.ts': 'export default () => null\n',
    ...files,
  })
  const { url } = await testDatabase()
  const env = { TQ_DATABASE_URL: url }
  await tqHere(dir, ['db', 'migrate'], env)
  const tq = (...args: string[]) => tqHere(dir, args, env)
  return { dir, env, tq, put: (path: string, text: string) => write(dir, path, text) }
}

const queue = (name: string, spec = '{}') =>
  `apiVersion: tq/v1\nkind: Queue\nmetadata: { name: ${name} }\nspec: ${spec}\n`
const task = (name: string, spec: string) =>
  `apiVersion: tq/v1\nkind: Task\nmetadata: { name: ${name} }\nspec: ${spec}\n`
const chain = (name: string, steps: string) =>
  `apiVersion: tq/v1\nkind: Chain\nmetadata: { name: ${name} }\nspec:\n  steps:\n${steps}`
const hook = (path: string, secret: string) =>
  `apiVersion: tq/v1\nkind: Hook\nmetadata: { name: paid }\nspec: { path: ${path}, verify: { scheme: github, secret: ${secret} }, workflow: checkout }\n`
const schedule =
  'apiVersion: tq/v1\nkind: Schedule\nmetadata: { name: nightly }\nspec: { cron: "30 2 24 12 *", timezone: Europe/Lisbon, workflow: checkout }\n'
const steps = '    - { id: charge, task: charge }\n    - { id: ship, task: ship, retry: { max: 1, delay: 1s } }\n'

const before = {
  'manifests/queues.yaml': `${queue('payments', '{ concurrency: 20 }')}---\n${queue('mail')}`,
  'manifests/tasks.yaml': task('charge', '{ handler: charge, queue: payments, retry: { max: 3, delay: 1s } }'),
  'manifests/checkout.yaml': chain('checkout', steps),
  'manifests/refund.yaml': chain('refund', '    - { id: back, task: charge }\n'),
  'manifests/hook.yaml': hook('/paid', 'github/one'),
}

test('diff says field by field what apply would do and what follows from it, and changes nothing', async t => {
  const { tq, put } = await opened(before)
  const first = await tq('diff')
  t.is(first.exitCode, 1)
  t.regex(first.stdout, /^ {2}\+ queue\/payments +new$/m)
  t.regex(first.stderr, /^6 to create, 0 to update, 0 unchanged, 0 to delete\. Nothing was changed\.$/m)
  t.is((await tq('get', 'queues', '-o', 'name')).stdout, '')
  t.is((await tq('apply')).exitCode, 0)
  t.is((await tq('diff')).exitCode, 0)
  t.is((await tq('diff')).stdout, '  = 6 unchanged')

  put('manifests/queues.yaml', queue('payments', '{ concurrency: 40 }'))
  put(
    'manifests/tasks.yaml',
    task('charge', '{ handler: charge, queue: payments, retry: { max: 5, delay: 1s }, timeout: 2m }'),
  )
  put(
    'manifests/checkout.yaml',
    chain(
      'checkout',
      `${steps.replace('max: 1', 'max: 4')}    - { id: thank, group: [{ task: ship }, { task: charge }] }\n`,
    ),
  )
  put('manifests/hook.yaml', hook('/paid-now', '[github/two, github/one]'))
  put('manifests/nightly.yaml', schedule)
  const { exitCode, stdout, stderr } = await tq('diff')
  t.is(exitCode, 1)
  for (const line of [
    '  ~ queue/payments     live change',
    '      spec.concurrency  20 → 40',
    '  ~ task/charge        revision 1 → 2',
    '      spec.retry.max   3 → 5',
    '    + spec.timeout     2m',
    '      used by workflow/checkout, workflow/refund',
    '  ~ workflow/checkout  revision 1 → 2',
    '      spec.steps[ship].retry.max  1 → 4',
    '    + spec.steps[thank]           group of 2',
    '  ~ workflow/refund    revision 1 → 2',
    '      its text is the same; compiled anew because of task/charge',
    '      its address changes: /paid → /paid-now; whoever sends to it is to be told',
    '      its secrets change: github/one → github/two, github/one',
    '  + schedule/nightly   new',
    '  - queue/mail         not in these files; kept (--prune deletes it)',
    '  ! no worker is live: what starts waits for one (tq worker)',
  ])
    t.true(stdout.split('\n').includes(line), `missing: ${line}; in: ${stdout.split('\n').join(' // ')}`)
  t.regex(
    stdout,
    /^ {6}next \w{3} \d{4}-12-24 02:30:00, \w{3} \d{4}-12-24 02:30:00, \w{3} \d{4}-12-24 02:30:00 Europe\/Lisbon$/m,
  )
  t.regex(stdout, /started by hook\/paid, schedule\/nightly/)
  t.regex(
    stderr,
    /^1 to create, 5 to update, 0 unchanged, 0 to delete\. Nothing was changed\.\nApply exactly this with: tq apply --diff \w{8}$/m,
  )

  const dry = await tq('apply', '--dry-run')
  t.is(dry.exitCode, 0)
  t.is(dry.stdout, stdout)
  t.is(dry.stderr, stderr)
  const machine = JSON.parse((await tq('diff', '-o', 'json')).stdout)
  t.deepEqual(machine.changes.find((one: { name: string }) => one.name === 'payments').fields, [
    { path: 'spec.concurrency', from: 20, to: 40 },
  ])
  t.regex(stderr, new RegExp(`--diff ${machine.diff}`))

  const applied = await tq('apply')
  t.regex(applied.stdout, /\+ schedule\/nightly +created/)
  t.true(applied.stdout.includes('      spec.retry.max   3 → 5'))
  t.regex(applied.stderr, /1 created, 5 updated, 0 unchanged, 0 deleted in /)

  t.is((await tq('apply')).exitCode, 0)
  put('manifests/checkout.yaml', chain('checkout', steps))
  const later = (await tq('diff')).stdout
  t.regex(later, /^ {6}schedule\/nightly: next \w{3} \d{4}-12-24 02:30:00, .* Europe\/Lisbon$/m)
})

test('a mistake is told, exit 2, nothing is changed', async t => {
  const { tq, put } = await opened(before)
  await tq('apply')
  put('manifests/checkout.yaml', chain('checkout', '    - { id: charge, tsk: charge }\n'))
  const { exitCode, stdout, stderr } = await tq('diff')
  t.is(exitCode, 2)
  t.is(stdout, '')
  t.regex(stderr, /manifests\/checkout\.yaml:6:21 {2}UNKNOWN_FIELD[\s\S]*1 error in 1 file.*Nothing was changed\./)
})

test('apply --diff applies exactly what was shown', async t => {
  const { tq, put } = await opened(before)
  await tq('apply')
  put('manifests/queues.yaml', queue('payments', '{ concurrency: 40 }'))
  const { diff } = JSON.parse((await tq('diff', '--prune', '-o', 'json')).stdout)
  const other = await tq('apply', '--diff', diff)
  t.is(other.exitCode, 7)
  t.regex(other.stderr, /queue\/mail would not be deleted/)
  const applied = await tq('apply', '--prune', '--diff', diff)
  t.is(applied.exitCode, 0, applied.stderr)
  t.regex(applied.stderr, /0 created, 1 updated, 4 unchanged, 1 deleted/)
  const again = await tq('apply', '--prune', '--diff', diff)
  t.is(again.exitCode, 7)
  t.regex(again.stderr, /queue\/payments was at revision 1 in the database, and is at 2 now/)
  t.is((await tq('apply', '--diff', 'ffffffff')).exitCode, 6)
})

test('apply --diff says what has moved since, in the files or in the database, and changes nothing', async t => {
  const { tq, put } = await opened(before)
  await tq('apply')
  put('manifests/queues.yaml', queue('payments', '{ concurrency: 40 }'))
  put('manifests/refund.yaml', chain('refund', '    - { id: back, task: charge, retry: { max: 2, delay: 1s } }\n'))
  const { diff } = JSON.parse((await tq('diff', '-o', 'json')).stdout)

  put('manifests/queues.yaml', queue('payments', '{ concurrency: 50 }'))
  const files = await tq('apply', '--diff', diff)
  t.is(files.exitCode, 7)
  t.regex(files.stderr, /queue\/payments is another in these manifests/)
  t.notRegex(files.stderr, /refund/)

  put('manifests/queues.yaml', queue('payments', '{ concurrency: 40 }'))
  put('other/task.yaml', task('charge', '{ handler: charge, queue: payments }'))
  t.is((await tq('apply', '-f', 'other')).exitCode, 0)
  const store = await tq('apply', '--diff', diff)
  t.is(store.exitCode, 7)
  t.regex(store.stderr, /task\/charge would be updated as well: it was applied since \(revision 2\)/)
  t.regex(store.stderr, /workflow\/refund was at revision 1 in the database, and is at 2 now/)
  t.regex(store.stderr, /Nothing was changed/)
  t.regex((await tq('get', 'queues')).stdout, /^payments .* 20 +—$/m)
  const machine = JSON.parse((await tq('apply', '--diff', diff, '-o', 'json')).stdout)
  t.is(machine.error.code, 'CONFLICT')
  t.true(machine.error.moved.length > 0)
})

test('--values: what they change is in the diff, export gives the text and the values, rollback both', async t => {
  const text = `${queue('payments', '{ concurrency: "{{ config.limit }}" }')}---\n# who is told\n${chain('told', '    - { id: tell, task: ship, with: { to: "{{ config.mail.to }}" } }\n')}`
  const { tq, put } = await opened({
    'manifests/all.yaml': text,
    'test.yaml': 'limit: 2\nmail: { to: a@example.org }\n',
    'prod.yaml': 'limit: 40\n',
  })
  const without = await tq('diff')
  t.is(without.exitCode, 2)
  t.regex(without.stderr, /all\.yaml:4:33 {2}MISSING_VALUE {2}config\.limit has no value; give one: --values FILE/)
  t.is((await tq('validate', '--values', 'test.yaml')).exitCode, 0)
  t.is((await tq('apply', '--values', 'test.yaml')).exitCode, 0)
  const { stdout, stderr } = await tq('diff', '--values', 'test.yaml', '--values', 'prod.yaml')
  t.regex(stdout, /queue\/payments +live change\n +spec\.concurrency +2 → 40/)
  t.regex(stderr, /tq apply --values test\.yaml --values prod\.yaml --diff/)
  t.is((await tq('apply', '--values', 'test.yaml', '--values', 'prod.yaml')).exitCode, 0)
  t.regex((await tq('get', 'queues')).stdout, /^payments .* 40 +—$/m)
  t.regex((await tq('plan', 'told', '-f', 'manifests/all.yaml', '--values', 'test.yaml')).stdout, /tell/)

  const exported = await tq('export')
  t.true(exported.stdout.includes('concurrency: "{{ config.limit }}"'))
  t.true(exported.stdout.includes('# who is told'))
  put('again/all.yaml', exported.stdout)
  put('again-values.yaml', (await tq('export', '--values')).stdout)
  const again = await tq('diff', '-f', 'again', '--values', 'again-values.yaml')
  t.is(again.exitCode, 0, `${again.stdout}${again.stderr}`)

  put('manifests/all.yaml', text.replace('concurrency', 'rateLimit').replace('config.limit', 'config.rate'))
  put('rate.yaml', 'rate: 5/s\nmail: { to: a@example.org }\nunused: 1\n')
  const rated = await tq('apply', '--values', 'rate.yaml')
  t.regex(rated.stderr, /rate\.yaml:3:1 {2}UNUSED_VALUE {2}warning: no manifest of these asks for config\.unused/)
  const back = await tq('rollback', 'queue/payments', '--to', '1')
  t.is(back.exitCode, 0, back.stderr)
  t.regex((await tq('get', 'queues')).stdout, /^payments .* 2 +—$/m)
  t.is((await tq('export', 'queue/payments', '--values')).stdout, 'limit: 2')
  t.is((await tq('apply', '--values', 'nowhere.yaml')).exitCode, 2)
})

const schema = (field: string) =>
  `{ handler: charge, outputSchema: { type: object, required: [${field}], additionalProperties: false, properties: { ${field}: { type: string } } } }`
const uses = `# the order of things
apiVersion: tq/v1
kind: Chain
metadata: { name: checkout }
spec:
  steps:
    - { id: charge, task: charge }
    - id: ship
      task: ship
      with: { receipt: "{{ steps.charge.output.receipt }}" }
`

test('an outputSchema that breaks a workflow two files away names the workflow, its line and the field: among the files', async t => {
  const { tq, put } = await opened({
    'manifests/a/charge.yaml': task('charge', schema('receipt')),
    'manifests/b/mail.yaml': task('mail', '{ handler: ship }'),
    'manifests/c/checkout.yaml': uses,
  })
  t.is((await tq('apply', '-R')).exitCode, 0)
  put('manifests/a/charge.yaml', task('charge', schema('reciept')))
  for (const command of ['diff', 'apply']) {
    const { exitCode, stdout, stderr } = await tq(command, '-R')
    t.is(exitCode, 2)
    t.is(stdout, '')
    t.regex(stderr, /^manifests\/c\/checkout\.yaml:10:\d+ {2}UNKNOWN_REFERENCE .*"receipt".*did you mean "reciept"/m)
    t.regex(stderr, /^ {2}10 \| {7}with: \{ receipt: "\{\{ steps\.charge\.output\.receipt \}\}" \}\n {5}\| +\^{7}$/m)
    t.regex(stderr, /1 error in 1 file \(workflow\/checkout\)\. Nothing was changed\./)
  }
  t.regex((await tq('history', 'task/charge')).stdout, /^REVISION.*\n1 \(current\)[^\n]*$/)
})

test('the same where the workflow was applied before and is not among the files: by the text that was applied', async t => {
  const { tq, put } = await opened({
    'tasks-only/charge.yaml': task('charge', schema('receipt')),
    'flows/others.yaml': `${chain('other', '    - { id: a, task: charge, output: "{{ self.output.receipt }}" }\n')}---\n\n${uses}`,
  })
  t.is((await tq('apply', '-f', 'tasks-only')).exitCode, 0)
  t.is((await tq('apply', '-f', 'flows')).exitCode, 0)
  put('tasks-only/charge.yaml', task('charge', schema('id')))
  const { exitCode, stderr } = await tq('diff', '-f', 'tasks-only')
  t.is(exitCode, 2)
  t.regex(
    stderr,
    /^flows\/others\.yaml:18:\d+ {2}UNKNOWN_REFERENCE .*"receipt".*\(in workflow\/checkout, applied, and not among these manifests\)$/m,
  )
  t.regex(stderr, /^ {2}18 \| {7}with: \{ receipt:/m)
  t.regex(stderr, /^flows\/others\.yaml:6:\d+ [\s\S]*?^ {3}6 \| {5}- \{ id: a, task: charge, output/m)
  t.is((await tq('apply', '-f', 'tasks-only')).exitCode, 2)
  t.regex((await tq('history', 'checkout')).stdout, /^REVISION.*\n1 \(current\)[^\n]*$/)
  const json = JSON.parse((await tq('apply', '-f', 'tasks-only', '-o', 'json')).stdout)
  t.deepEqual(
    json.diagnostics.map((one: { manifest: string }) => one.manifest),
    ['workflow/other', 'workflow/checkout'],
  )
  put('tasks-only/charge.yaml', task('charge', schema('receipt').replace('charge', 'ship')))
  t.is((await tq('apply', '-f', 'tasks-only')).exitCode, 0)
  t.regex(
    (await tq('history', 'checkout')).stdout,
    /^REVISION.*\n2 \(current\).*flows\/others\.yaml\n1 .*flows\/others\.yaml$/,
  )
})

test('a manifest for a namespace of its own goes there, and is refused elsewhere', async t => {
  const { dir, env, tq } = await opened({
    'manifests/all.yaml': queue('mail').replace('name: mail', 'name: mail, namespace: "{{ config.team }}"'),
    'east.yaml': 'team: east\n',
  })
  const wrong = await tq('apply', '--values', 'east.yaml')
  t.is(wrong.exitCode, 2)
  t.regex(
    wrong.stderr,
    /all\.yaml:3:36 {2}INVALID_VALUE {2}this is for the namespace "east", and these manifests go to "default"; set TQ_NAMESPACE=east/,
  )
  const east = { ...env, TQ_NAMESPACE: 'east' }
  t.is((await tqHere(dir, ['apply', '--values', 'east.yaml'], east)).exitCode, 0)
  t.is((await tqHere(dir, ['diff', '--values', 'east.yaml'], east)).exitCode, 0)
  t.is((await tq('get', 'queues', '-o', 'name')).stdout, '')
})

test('with a mistake in one file, what is missing because of it is not told of as well', async t => {
  const { tq, put } = await opened({ ...before, 'manifests/nightly.yaml': schedule })
  await tq('apply')
  put('manifests/checkout.yaml', chain('checkout', '    - { id: charge, task: charge\n'))
  const { exitCode, stderr } = await tq('diff', '--prune')
  t.is(exitCode, 2)
  t.regex(stderr, /INVALID_YAML/)
  t.notRegex(stderr, /about to be deleted/)
})

test('tq dev takes values as well, and again when a manifest is saved', async t => {
  const text = queue('mail', '{ concurrency: "{{ config.limit }}" }')
  const dir = project({ 'manifests/all.yaml': text, 'dev.yaml': 'limit: 3\n' })
  const { running, banner } = await dev(dir, ['--values', 'dev.yaml'])
  t.teardown(() => stop(running))
  t.regex(banner, /1 manifest in manifests\/, applied queue\/mail/)
  t.regex((await tqHere(dir, ['get', 'queues'])).stdout, /^mail .* 3 +—$/m)
  const again = printed(running, /applied queue\/mail/)
  write(dir, 'manifests/all.yaml', text.replace('concurrency: ', 'rateLimit: 5/s, concurrency: '))
  await again
  t.regex((await tqHere(dir, ['get', 'queues'])).stdout, /^mail .* 3 +5\/s$/m)
})
