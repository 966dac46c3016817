import { spawnSync } from 'node:child_process'
import { chmodSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import test from 'ava'
import { execa } from 'execa'
import { commands } from '../../cli/commands/index.ts'
import { until } from '../support/engine.ts'
import { testDatabase } from '../support/postgres.ts'
import { copy, environment, printed, project, root, type Running, tq, write } from './support.ts'

/** Every example of every `--help` is run, as it stands, by a shell, where what it names is there. */

/** Those that go on until somebody ends them, with what they exit with then. */
const lasting: { [example: string]: number } = {
  'tq dev': 0,
  'tq dev --fresh': 0,
  "tq events -f --type 'job.failed,worker.*'": 0,
  'tq events --snapshot 5s': 0,
  'tq get queues -w': 130,
  'tq worker': 0,
  'tq worker -Q default,reports -c 4': 0,
  'tq server': 0,
  'tq server --host 0.0.0.0 --port 8080': 0,
  'tq beat': 0,
}
/** Those that take away what the others need. */
const last = [
  'tq delete workflow/checkout schedule/nightly --drain',
  'tq rollback licence-report',
  'tq control drain -d w1',
]

const dir = project({
  'manifests/more.yaml': `
apiVersion: tq/v1
kind: Queue
metadata: { name: reports }
spec: {}
---
apiVersion: tq/v1
kind: Chain
metadata: { name: book }
spec: { steps: [{ id: publish, task: sleep, with: { for: 1h } }] }
---
apiVersion: tq/v1
kind: Schedule
metadata: { name: nightly }
spec: { cron: "30 2 * * *", timezone: UTC, workflow: licence-report }
---
apiVersion: tq/v1
kind: Hook
metadata: { name: stripe-payments }
spec: { path: /stripe, verify: { scheme: stripe, secret: stripe/payments }, workflow: book }
---
apiVersion: tq/v1
kind: Hook
metadata: { name: old-stripe }
spec: { path: /old, verify: { scheme: stripe, secret: stripe/payments }, workflow: book }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: checkout }
spec: { steps: [{ task: noop }] }
`,
  'prod.yaml': 'limit: 40\n',
  'package-lock.json': JSON.stringify({ packages: { '': {}, 'node_modules/yaml': { version: '2.0.0' } } }),
  'mail.json': JSON.stringify({ to: 'ada', message: 'Hello' }),
  'push.json': JSON.stringify({ ref: 'refs/heads/main', repository: { full_name: 'ada/engine' } }),
  'bin/tq': `#!/bin/sh\nexec "${process.execPath}" --disable-warning=ExperimentalWarning "${join(root, 'cli/tq.js')}" "$@"\n`,
  'home/.config/fish/completions/x': '',
})
chmodSync(join(dir, 'bin/tq'), 0o755)
copy(dir, 'manifests', 'tasks')
for (const linked of ['engine', 'schemas', 'node_modules']) symlinkSync(join(root, linked), join(dir, linked))

let env: Record<string, string> = {}
const services: Running[] = []
const here = async (...args: string[]) => {
  const ended = await tq(dir, args, { env })
  if (ended.exitCode !== 0) throw new Error(`tq ${args.join(' ')}: ${ended.stderr}`)
  return ended.stdout
}
const idOf = async (...args: string[]) => (await here('run', ...args, '-o', 'name')).slice(-8)

test.before(async () => {
  env = {
    TQ_DATABASE_URL: (await testDatabase()).url,
    TQ_HANDLERS: join(dir, 'tasks'),
    TQ_SECRET_GITHUB__WEBHOOK: 'of the test',
    TQ_SECRET_STRIPE__PAYMENTS: 'of the test',
    TQ_PORT: '0',
    HOME: join(dir, 'home'),
    PATH: [join(dir, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
  }
  await here('db', 'migrate')
  await here('apply')
  for (const name of ['w1', 'w2']) services.push(tq(dir, ['worker', '--name', name], { env }))
  services.push(tq(dir, ['server'], { env }))
  const banner = await printed(services[2]!, /http:\/\/\S+/)
  env.TQ_SERVER_URL = /http:\/\/[\w.:[\]]+/.exec(banner)![0]
  // Three revisions, to go back to.
  for (const text of ['one', 'two']) await here('apply', '-f', revision(text))
  await here('apply')
  await until(async () => JSON.parse(await here('get', 'workers', '-o', 'json')).length === 2)
})
test.after.always(async () => {
  for (const service of services) service.kill('SIGTERM')
  await Promise.all(services)
})

const revision = (text: string): string => {
  const file = `licence-${text}.yaml`
  write(
    dir,
    file,
    `apiVersion: tq/v1\nkind: Chain\nmetadata: { name: licence-report }\nspec: { steps: [{ task: log, with: { message: ${text} } }] }\n`,
  )
  return file
}

/** An example with the run or the diff that it means by an id; `init` leaves packages alone, whose registry may be far away. */
const meant = async (example: string): Promise<string> => {
  if (example.startsWith('tq init')) return `${example.replace(' --no-install', '')} --no-install`
  if (example.includes('9f31c2aa')) {
    write(dir, 'manifests/fresh.yaml', 'apiVersion: tq/v1\nkind: Queue\nmetadata: { name: fresh }\nspec: {}\n')
    const { stdout } = await tq(dir, ['diff', '-o', 'json'], { env })
    return example.replace('9f31c2aa', JSON.parse(stdout).diff)
  }
  if (!example.includes('t3h8v2f4')) return example
  const id = example.startsWith('tq cancel') ? await idOf('book') : await idOf('hello', '--wait')
  return example.replaceAll('t3h8v2f4', id)
}

const all = commands.flatMap(({ examples }) => examples)
const hasBash = spawnSync('bash', ['--version']).status === 0
if (!hasBash) console.error('SKIPPED: the examples of --help need bash')
const inBash = hasBash || process.env.CI ? test.serial : test.serial.skip

for (const example of [...all.filter(one => !last.includes(one)), ...last])
  inBash(example, async t => {
    if (example.includes('@latest')) await here('run', 'licence-report', '--wait')
    if (example.includes('month=july')) await idOf('book', '--label', 'month=july')
    const line = await meant(example)
    const isDev = example.startsWith('tq dev')
    const call = execa('bash', ['-c', line.replace('--port 8080', '--port 0')], {
      cwd: example.startsWith('tq init') ? project() : dir,
      env: environment({ ...env, ...(isDev ? { TQ_DATABASE_URL: '' } : {}) }),
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      all: true,
      detached: true,
    })
    if (example in lasting) {
      const ready = isDev ? /Ctrl-C stops/ : /\S/
      await until(() => seen(call).match(ready))
      process.kill(-call.pid!, 'SIGINT')
    }
    const { exitCode, all: said } = await call
    t.is(exitCode, lasting[example] ?? 0, `${line}\n${said}`)
    if (!(example in lasting) && !/[<>]/.test(example)) t.not(said, '', 'it says nothing')
  })

const texts = new WeakMap<object, { text: string }>()
/** What a process has said so far. */
const seen = (call: { all?: NodeJS.ReadableStream | undefined }): string => {
  let known = texts.get(call)
  if (!known) {
    const made = { text: '' }
    call.all?.on('data', (chunk: Buffer) => void (made.text += chunk))
    texts.set(call, made)
    known = made
  }
  return known.text
}

test.serial('what goes on is among the examples', t => {
  t.deepEqual(
    [...Object.keys(lasting), ...last].filter(one => !all.includes(one)),
    [],
  )
})
