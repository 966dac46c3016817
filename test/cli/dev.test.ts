import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { until } from '../support/engine.ts'
import { gone } from '../support/process.ts'
import { onTerminal, terminal } from '../support/terminal.ts'
import { dev, postgresOf, printed, project, stop, tq, tqHere, write } from './support.ts'

const greet = (text: string) => `
apiVersion: tq/v1
kind: Chain
metadata: { name: greet }
spec:
  steps:
    - { id: say, task: say, with: { text: "${text}" } }
`
const say = (mark = '') => `export default ({ text }: { text: string }) => text + '${mark}'\n`
const files = { 'manifests/greet.yaml': greet('hello'), 'tasks/say.ts': say() }

test('tq dev says where everything is, serves other terminals, and on Ctrl-C leaves no process behind', async t => {
  const dir = project(files)
  const { running, banner } = await dev(dir)
  t.regex(banner, /^ tq dev {2}\S*tq-cli-\w+ {2}ready in [\d.]+ s\n {3}Postgres {3}18\.[\d.]+, embedded; data in /)
  t.regex(banner, /✓ 1 manifest in manifests\/, applied workflow\/greet\n/)
  t.regex(banner, / tq run greet --watch/)
  t.is((await tqHere(dir, ['run', 'greet', '--wait'])).stdout, 'hello')
  t.true((await postgresOf(dir)).length > 0)

  const second = await tq(dir, ['dev'])
  t.is(second.exitCode, 1)
  t.regex(second.stderr, new RegExp(`runs in this folder already \\(pid ${running.pid}\\)`))
  const run = await tq(dir, ['dev', '--run', 'greet'])
  t.is(run.exitCode, 0)
  t.is(run.stdout, 'hello')

  t.is((await stop(running)).exitCode, 0)
  t.deepEqual(await postgresOf(dir), [])
  t.is((await tq(dir, ['get', 'runs'])).exitCode, 69)
})

test('tq dev applies manifests and takes up handlers when they are saved; of wrong ones it keeps the last good', async t => {
  const dir = project(files)
  const { running } = await dev(dir)

  const applied = printed(running, 'applied workflow/greet')
  write(dir, 'manifests/greet.yaml', greet('changed'))
  await applied
  t.is((await tqHere(dir, ['run', 'greet', '--wait'])).stdout, 'changed')

  // As most editors save: written beside it, then renamed.
  const renamed = printed(running, 'applied workflow/greet')
  write(dir, 'greet.yaml~', greet('renamed'))
  renameSync(join(dir, 'greet.yaml~'), join(dir, 'manifests/greet.yaml'))
  await renamed
  t.is((await tqHere(dir, ['run', 'greet', '--wait'])).stdout, 'renamed')

  const refused = printed(running, 'what was applied before stays')
  write(dir, 'manifests/greet.yaml', greet('broken').replace('task: say', 'tsak: say'))
  t.regex(await refused, /manifests\/greet\.yaml:7:\d+ {2}UNKNOWN_FIELD .*did you mean "task"\?/)
  t.is((await tqHere(dir, ['run', 'greet', '--wait'])).stdout, 'renamed')

  const loaded = printed(running, 'handlers changed')
  write(dir, 'tasks/say.ts', say(' by new code'))
  await loaded
  t.is((await tqHere(dir, ['run', 'greet', '--wait'])).stdout, 'renamed by new code')
  await stop(running)
})

test('tq dev keeps the types and the schema of the project true, where they are', async t => {
  const dir = project({ ...files, 'manifests/team/more.yaml': greet('x').replaceAll('greet', 'more') })
  t.is((await tq(dir, ['schema', '--types', '--vscode', '-R'])).exitCode, 0)
  const types = () => readFileSync(join(dir, 'tq.d.ts'), 'utf8')
  t.regex(types(), /greet: \{ input: Record<string, never> \}\n {4}more: /)
  const { running } = await dev(dir, ['-R'])
  const applied = printed(running, 'applied workflow/greet')
  write(dir, 'manifests/greet.yaml', greet('hello').replace('spec:', 'spec:\n  inputs: { name: { type: string } }'))
  await applied
  t.regex(types(), /greet: \{ input: \{ name: string \} \}\n {4}more: /)
  t.true(readFileSync(join(dir, '.tq/schema.json'), 'utf8').includes('"say"'))
  await stop(running)
})

test('a handler that is new while tq dev runs is announced, and one that cannot be loaded is told when it is saved', async t => {
  const dir = project(files)
  const { running } = await dev(dir)
  const loaded = printed(running, 'handlers changed')
  write(dir, 'tasks/shout.ts', 'export default () => "HO"\n')
  await loaded
  const [worker] = JSON.parse((await tqHere(dir, ['get', 'workers', '-o', 'json'])).stdout) as { handlers: string[] }[]
  t.deepEqual(worker!.handlers, ['say', 'shout'])
  const told = printed(running, /✖ .*\n/)
  write(dir, 'tasks/shout.ts', 'export default () => { ret ( }\n')
  t.regex(await told, /✖ \S*tasks\/shout\.ts: .*(Syntax|TYPESCRIPT)/i)
  const mended = printed(running, 'handlers changed')
  write(dir, 'tasks/shout.ts', 'export default () => "HO"\n')
  await mended
  await stop(running)
})

const breaks = {
  'manifests/breaks.yaml':
    'apiVersion: tq/v1\nkind: Chain\nmetadata: { name: breaks }\nspec: { steps: [{ id: broken, task: breaks }] }\n',
  'tasks/breaks.ts': `import { existsSync } from 'node:fs'
export default async () => {
  while (existsSync('hold')) await new Promise(done => setTimeout(done, 10))
  throw new RangeError('out of \\u001b[5A range\\nsecond line')
}
`,
}

test('tq dev tells of runs that fail: a few of them, and how many more', async t => {
  const dir = project(breaks)
  const { running } = await dev(dir, [], { TQ_SLOTS: '10' })
  const told = printed(running, /tq describe run \w{8}\n/)
  const { stdout: id } = await tqHere(dir, ['run', 'breaks', '-o', 'name'])
  const short = id.slice(-8)
  const line = `   ✖ breaks ${short} failed: broken: RangeError: out of  range   tq describe run ${short}\n`
  t.true((await told).endsWith(line), await told)
  const more = printed(running, /more runs failed: tq get runs --state failed/)
  write(dir, 'hold', '')
  for (let i = 0; i < 20; i++) await tqHere(dir, ['run', 'breaks'])
  rmSync(join(dir, 'hold'))
  t.regex(await more, /✖ and \d+ more runs failed/)
  await stop(running)
})

onTerminal('a run that tq dev itself follows is not told of twice', async t => {
  const dir = project(breaks)
  const up = terminal(dir, 'dev --run breaks', { columns: 70 })
  await until(() => up.text().includes('Ctrl-C stops'))
  const { stdout: id } = await tqHere(dir, ['run', 'breaks', '-o', 'name'])
  await until(() => up.text().includes(`tq describe run ${id.slice(-8)}`))
  up.type('\u0003')
  const { screen } = await up.ended
  t.deepEqual(
    screen.wraps().filter(one => one.includes('failed:')),
    [],
  )
  const lines = screen.lines().filter(one => /✖ breaks \w{8} failed(:|$)/.test(one))
  t.is(lines.length, 1, screen.lines().join('\n'))
  t.regex(lines[0]!, new RegExp(`✖ breaks ${id.slice(-8)} failed: .*… +tq describe run ${id.slice(-8)}$`))
})

test('what is no longer in the folder is said to be still applied, and how to delete it', async t => {
  const dir = project({ ...files, 'manifests/more.yaml': files['manifests/greet.yaml'].replaceAll('greet', 'more') })
  const { running } = await dev(dir)
  const told = printed(running, 'is no longer in manifests/ and still applied: tq apply --prune')
  rmSync(join(dir, 'manifests/more.yaml'))
  await told
  t.is((await tqHere(dir, ['apply', '--prune'])).exitCode, 0)
  t.deepEqual((await tqHere(dir, ['get', 'workflows', '-o', 'name'])).stdout.split('\n'), ['greet'])
  await stop(running)
})

test('after kill -9 the next tq dev ends what was left, keeps what was done, and --fresh forgets it', async t => {
  const dir = project(files)
  const killed = (await dev(dir)).running
  await tqHere(dir, ['run', 'greet', '--wait'])
  killed.kill('SIGKILL')
  await killed
  await gone(killed.pid!)
  t.is((await tqHere(dir, ['get', 'runs'])).exitCode, 69)

  const again = (await dev(dir)).running
  t.is((JSON.parse((await tqHere(dir, ['get', 'runs', '-o', 'json'])).stdout) as unknown[]).length, 1)
  t.is((await tqHere(dir, ['run', 'greet', '--wait'])).stdout, 'hello')
  await stop(again)

  const fresh = (await dev(dir, ['--fresh'])).running
  t.is((JSON.parse((await tqHere(dir, ['get', 'runs', '-o', 'json'])).stdout) as unknown[]).length, 0)
  await stop(fresh)
  t.deepEqual(await postgresOf(dir), [])
})

test('tq dev starts its Postgres again when that dies, and its worker goes on', async t => {
  const dir = project(files)
  const { running } = await dev(dir)
  const [postgres] = await postgresOf(dir)
  const back = printed(running, 'Postgres is back')
  process.kill(Number.parseInt(postgres!, 10), 'SIGKILL')
  await back
  t.is((await tqHere(dir, ['run', 'greet', '--wait'])).stdout, 'hello')
  await stop(running)
  t.deepEqual(await postgresOf(dir), [])
})

test('a run in progress when tq dev stops goes on with the next one', async t => {
  const dir = project({
    ...files,
    'manifests/greet.yaml': greet('hello').replace('task: say', 'task: slow'),
    'tasks/slow.ts':
      "import { existsSync } from 'node:fs'\nexport default (_: unknown, { signal }: { signal: AbortSignal }) => existsSync('go') ? 'went' : new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)))\n",
  })
  const { running } = await dev(dir, [], { TQ_SHUTDOWN_TIMEOUT: '100ms' })
  const { stdout: id } = await tqHere(dir, ['run', 'greet', '-o', 'name'])
  const watching = tq(dir, ['run', 'greet', '--watch'])
  await printed(watching, 'say  running')
  watching.kill('SIGINT')
  await stop(running)
  mkdirSync(join(dir, 'go'))
  const next = (await dev(dir)).running
  t.is((await tqHere(dir, ['wait', id])).stdout, 'went')
  await stop(next)
})

test('tq dev --run exits like the run where nobody is at the terminal, and with 2 where the manifests are wrong', async t => {
  const dir = project(files)
  const good = await tq(dir, ['dev', '--run', 'greet'])
  t.is(good.exitCode, 0)
  t.is(good.stdout, 'hello')
  write(dir, 'tasks/say.ts', "export default () => { throw new Error('no') }\n")
  t.is((await tq(dir, ['dev', '--run', 'greet'])).exitCode, 3)
  write(dir, 'manifests/greet.yaml', greet('x').replace('kind: Chain', 'kind: Chian'))
  const wrong = await tq(dir, ['dev', '--run', 'greet'])
  t.is(wrong.exitCode, 2)
  t.regex(wrong.stderr, /did you mean "Chain"\?/)
  rmSync(join(dir, 'manifests'), { recursive: true })
  t.regex((await tq(dir, ['dev', '--run', 'greet'])).stderr, /there is no folder manifests\/ here yet/)
})

test('tq dev --fresh does not empty a database that somebody configured', async t => {
  const { exitCode, stderr } = await tq(project(files), ['dev', '--fresh'], {
    env: { TQ_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
  })
  t.is(exitCode, 2)
  t.regex(stderr, /--fresh empties only an embedded Postgres/)
})

test('tq dev may begin in an empty folder: what is made in it later is applied', async t => {
  const dir = project()
  const { running, banner } = await dev(dir)
  t.regex(banner, /there is no folder manifests\/ here yet/)
  const loaded = printed(running, 'handlers changed')
  write(dir, 'tasks/say.ts', say())
  await loaded
  const applied = printed(running, 'applied workflow/greet')
  write(dir, 'manifests/greet.yaml', greet('later'))
  await applied
  t.is((await tqHere(dir, ['run', 'greet', '--wait'])).stdout, 'later')
  await stop(running)
})
