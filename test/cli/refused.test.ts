import test from 'ava'
import { testDatabase } from '../support/postgres.ts'
import { project, tq } from './support.ts'

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
