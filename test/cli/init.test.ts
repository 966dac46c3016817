import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { execa } from 'execa'

/**
 * The package as npm makes it, installed into folders of their own: its files are copies, as Node strips no types of them, and what
 * it depends on is what this clone has installed.
 */
const made = mkdtempSync(join(tmpdir(), 'tq-package-'))
const root = join(import.meta.dirname, '../..')
const node = process.execPath
const tq = ['node_modules/tqflow/cli/tq.js']

test.before(async () => {
  await execa('npm', ['pack', '--silent', '--ignore-scripts=false', '--pack-destination', made], { cwd: root })
  await execa('tar', ['xzf', readdirSync(made)[0]!], { cwd: made })
})
test.after.always(() => rmSync(made, { recursive: true, force: true }))

/** An empty folder with the package in its `node_modules`. */
const folder = (name: string): string => {
  const dir = join(made, name)
  const modules = join(dir, 'node_modules')
  mkdirSync(join(modules, '.bin'), { recursive: true })
  for (const entry of readdirSync(join(root, 'node_modules')))
    if (!entry.startsWith('.')) symlinkSync(join(root, 'node_modules', entry), join(modules, entry))
  cpSync(join(made, 'package'), join(modules, 'tqflow'), { recursive: true })
  return dir
}

const run = (dir: string, args: string[], env: Record<string, string> = {}) =>
  execa(node, args, { cwd: dir, reject: false, all: true, env })

test('a new project passes its test, its types fit, and its workflow runs', async t => {
  const dir = folder('fresh')
  const made = await run(dir, [...tq, 'init', '--no-install'])
  t.is(made.exitCode, 0, made.all)
  t.regex(made.stderr, /npm test\n {2}npx tq dev/)

  const tested = await run(dir, ['--test', 'test/**/*.test.ts'])
  t.is(tested.exitCode, 0, tested.all)
  t.regex(tested.stdout, /pass 2\b/)

  const { scripts } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  t.is(scripts.test, 'node --test "test/**/*.test.ts"')
  const checked = await run(dir, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'])
  t.is(checked.exitCode, 0, checked.all)

  const ran = await run(dir, [...tq, 'dev', '--run', 'hello', '--input', 'name=Ada'])
  t.is(ran.exitCode, 0, ran.all)
  t.is(ran.stdout, 'Hello, Ada!')
})

test('what docs/projects.md shows is so: a mail that takes two hours, in a moment', async t => {
  const dir = folder('shown')
  await run(dir, [...tq, 'init', '--no-install'])
  const page = readFileSync(join(root, 'docs/projects.md'), 'utf8')
  for (const [, text, file] of page.matchAll(/^```(?:ts|yaml)\n((?:#|\/\/) (\S+)\n[\s\S]*?)^```$/gm))
    writeFileSync(join(dir, file!), text!)
  t.is((await run(dir, [...tq, 'schema', '--types'])).exitCode, 0)
  const checked = await run(dir, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'])
  t.is(checked.exitCode, 0, checked.all)
  const tested = await run(dir, ['--test', 'test/welcome.test.ts'])
  t.is(tested.exitCode, 0, tested.all)
  t.regex(tested.stdout, /✔ a mail server that is away costs no mail/)
})

test('a test gives values, moves the clock, cancels, and applies more', async t => {
  const dir = folder('more')
  await run(dir, [...tq, 'init', '--no-install'])
  writeFileSync(join(dir, 'limits.yaml'), 'limits: { mail: 3 }\n')
  writeFileSync(
    join(dir, 'manifests/queue.yaml'),
    'apiVersion: tq/v1\nkind: Queue\nmetadata: { name: mail }\nspec: { concurrency: "{{ config.limits.mail }}" }\n',
  )
  writeFileSync(join(dir, 'tasks/slow.ts'), 'export default () => new Promise(done => setTimeout(done, 60_000))\n')
  writeFileSync(
    join(dir, 'test/more.test.ts'),
    `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestEngine } from 'tqflow/testing'

test('all of it', async () => {
  await assert.rejects(createTestEngine(), /MISSING_VALUE/)
  await using engine = await createTestEngine({ values: ['limits.yaml'], schedules: true })
  await assert.rejects(engine.apply('apiVersion: tq/v1\\nkind: Chain\\nmetadata: { name: x }\\nspec: { steps: [{ task: gret }] }'), /did you mean "greet"/)
  await engine.apply('apiVersion: tq/v1\\nkind: Chain\\nmetadata: { name: waits }\\nspec: { deadline: 1d, steps: [{ task: slow }] }')
  const id = await engine.start('waits' as never)
  assert.equal(await engine.cancel(id), true)
  assert.equal((await engine.ended(id)).state, 'cancelled')
  const late = await engine.start('waits' as never)
  await engine.advance('2d')
  const ended = await engine.ended(late)
  assert.deepEqual([ended.state, ended.error?.name], ['failed', 'Timeout'])
  await assert.rejects(engine.advance('two days'), /is not a duration/)
})
`,
  )
  const tested = await run(dir, ['--test', 'test/more.test.ts'])
  t.is(tested.exitCode, 0, tested.all)
})

test('types know what tasks and workflows of the project want and give', async t => {
  const dir = folder('typed')
  await run(dir, [...tq, 'init', '--no-install'])
  writeFileSync(
    join(dir, 'test/wrong.ts'),
    `import { defineTask, type TaskInput, type TaskOutput } from 'tqflow'
import { createTestEngine } from 'tqflow/testing'
export default defineTask<TaskInput<'greet'>, TaskOutput<'greet'>>(({ nme }) => ({ txt: 1 }))
const engine = await createTestEngine()
await engine.run('hello', { nam: 'Ada' })
`,
  )
  const { all } = await run(dir, ['node_modules/typescript/bin/tsc', '--noEmit', '--pretty', 'false', '-p', '.'])
  const wrong = all!.split('\n').filter(line => line.startsWith('test/wrong.ts'))
  t.is(wrong.length, 3, all)
  t.regex(wrong[0]!, /\(3,71\).*'nme' does not exist on type '\{ name: string; \}'/)
  t.regex(wrong[1]!, /\(3,81\).*'\{ txt: number; \}' is not assignable/)
  t.regex(wrong[2]!, /\(5,29\).*'nam' does not exist in type '\{ name\?: string/)
})

test('what is in a folder already is kept: files refuse, a package.json is completed', async t => {
  const dir = folder('used')
  writeFileSync(
    join(dir, 'package.json'),
    JSON.stringify({ name: 'mine', scripts: { test: 'jest' }, dependencies: { tqflow: '^9.9.9' } }),
  )
  writeFileSync(join(dir, 'README.md'), 'mine')
  t.is((await run(dir, [...tq, 'init', '--no-install'])).exitCode, 0)
  const written = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  t.like(written, { name: 'mine', scripts: { test: 'jest', dev: 'tq dev' }, dependencies: { tqflow: '^9.9.9' } })
  t.is(readFileSync(join(dir, 'README.md'), 'utf8'), 'mine')

  const again = await run(dir, [...tq, 'init', '--no-install'])
  t.is(again.exitCode, 7)
  t.regex(again.stderr, /manifests\/hello\.yaml, .* are there already, and nothing is overwritten/)
})

test('a project keeps the tarball that its tq was installed from', async t => {
  const dir = folder('vendored')
  const tarball = readdirSync(made).find(file => file.endsWith('.tgz'))!
  // As npx leaves it: the owner of node_modules names the tarball, the project is elsewhere.
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ dependencies: { tqflow: `file:../${tarball}` } }))
  const { exitCode, all } = await run(dir, [...tq, 'init', 'inner', '--no-install'])
  t.is(exitCode, 0, all)
  const { dependencies } = JSON.parse(readFileSync(join(dir, 'inner/package.json'), 'utf8'))
  t.deepEqual(dependencies, { tqflow: `file:vendor/${tarball}` })
  t.true(existsSync(join(dir, 'inner/vendor', tarball)))
  t.regex(all!, /cd inner\n {2}npm install\n {2}npm test/)
})
