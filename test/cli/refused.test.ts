import test from 'ava'
import { testDatabase } from '../support/postgres.ts'
import { execa } from 'execa'
import { entry, environment, project, tq } from './support.ts'

/** A database that answers, and refuses: what that is about, no stack, and an exit code of its own. */
const refused = async (change: (url: URL) => void, args: string[]) => {
  const url = new URL((await testDatabase()).url)
  change(url)
  return tq(project(), args, { env: { TQ_DATABASE_URL: url.href } })
}

for (const args of [['db', 'migrate'], ['get', 'runs'], ['worker']]) {
  test(`tq ${args.join(' ')} where the database does not exist says how to make it`, async t => {
    const { exitCode, stderr } = await refused(url => void (url.pathname = '/nowhere'), args)
    t.is(exitCode, 77)
    t.is(stderr, 'error: database "nowhere" does not exist; make it (createdb nowhere), or correct TQ_DATABASE_URL')
  })
}

test('a wrong password is one, and is not repeated', async t => {
  const { exitCode, stderr } = await refused(url => void (url.password = 'guessed'), ['get', 'runs'])
  t.is(exitCode, 77)
  t.regex(
    stderr,
    /^error: password authentication failed for user "\w+"; correct the user or the password in TQ_DATABASE_URL$/,
  )
  t.false(stderr.includes('guessed'))
})

test('doctor says what is refused and what mends it', async t => {
  const { exitCode, stdout } = await refused(url => void (url.pathname = '/nowhere'), ['doctor'])
  t.is(exitCode, 1)
  t.regex(
    stdout,
    /✖ database +database "nowhere" does not exist\n +fix: make it \(createdb nowhere\), or correct TQ_DATABASE_URL/,
  )
})

test('a misspelt variable is named where a database is wanted, and what is no address is told without it', async t => {
  const misspelt = await tq(project(), ['get', 'runs'], { env: { TQ_DATABSE_URL: 'postgres://127.0.0.1:1/x' } })
  t.is(misspelt.exitCode, 69)
  t.regex(misspelt.stderr, /TQ_DATABSE_URL is no variable of tq; did you mean TQ_DATABASE_URL\?/)
  const strange = await tq(project(), ['get', 'runs'], { env: { TQ_DATABASE_URL: 'postgres//ada:hidden@foo' } })
  t.is(strange.exitCode, 2)
  t.regex(strange.stderr, /TQ_DATABASE_URL is no address of a Postgres; write postgres:\/\/user/)
  t.false(strange.stderr.includes('hidden'))
})

test('inputs that are given as they stand are answered with how they are given', async t => {
  const { exitCode, stderr } = await tq(project(), ['run', 'hello', 'name=Ada'])
  t.is(exitCode, 2)
  t.regex(stderr, /Inputs are given by name: tq run NAME --input name=value/)
})

test('a reader of mistakes that goes away changes nothing about how the command ends', async t => {
  const mistakes = Array.from({ length: 3000 }, (_, i) => `    - { id: a${i}, tsk: noop }`).join('\n')
  const dir = project({
    'manifests/many.yaml': `apiVersion: tq/v1\nkind: Chain\nmetadata: { name: many }\nspec:\n  steps:\n${mistakes}\n`,
  })
  const command = `"${process.execPath}" "${entry}" validate 2> >(head -1 >&2)`
  const { exitCode, stderr } = await execa('bash', ['-c', command], {
    cwd: dir,
    env: environment(),
    extendEnv: false,
    reject: false,
  })
  t.is(exitCode, 2, stderr)
})
