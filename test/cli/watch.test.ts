import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import test from 'ava'
import { until } from '../support/engine.ts'
import { ownPostgres } from '../support/own-postgres.ts'
import { openScreen, type Screen } from '../support/screen.ts'
import { onTerminal, type Terminal, terminal } from '../support/terminal.ts'
import { devForAll, printed, project, tq } from './support.ts'

const dir = project({
  'manifests/all.yaml': `
apiVersion: tq/v1
kind: Chain
metadata: { name: wide }
spec:
  inputs: { gate: { type: string } }
  steps:
    - { id: list, task: numbers }
    - { id: a-step-with-a-rather-long-name, task: waits, with: { gate: "{{ inputs.gate }}" } }
    - id: each
      forEach: { in: "{{ steps.list.output }}", maxFailures: 100% }
      chain:
        - { id: first, task: odd }
        - { id: second, task: numbers }
    - { id: all, forEach: { in: "{{ steps.list.output }}", maxFailures: 100% }, task: odd }
    - { id: last, task: waits, with: { gate: "{{ inputs.gate }}-last" } }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: long }
spec:
  steps: [${Array.from({ length: 20 }, (_, i) => `{ id: step-${i}, task: ${i === 12 ? 'nap' : 'odd'}, with: 1 }`).join(', ')}]
---
apiVersion: tq/v1
kind: Chain
metadata: { name: mixed }
spec:
  inputs: { gate: { type: string } }
  steps:
    - { id: some, forEach: { in: [{ gate: "" }, { gate: "{{ inputs.gate }}" }], maxFailures: 1 }, task: waits, with: "{{ item }}" }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: tells }
spec:
  inputs: { gate: { type: string } }
  steps:
    - { id: upload, task: tells, with: { gate: "{{ inputs.gate }}" } }
    - { id: parts, forEach: { in: ["{{ inputs.gate }}-part", "{{ inputs.gate }}-part"] }, task: tells, with: { gate: "{{ item }}" } }
`,
  'tasks/numbers.ts': 'export default () => Array.from({ length: 120 }, (_, i) => i)\n',
  'tasks/odd.ts':
    "export default (n: number) => { if (n % 10 === 0) throw new RangeError('a round number that needs a lot of words to be told of'); return n }\n",
  'tasks/waits.ts': `import { existsSync } from 'node:fs'
export default async ({ gate }: { gate: string }, { signal }: { signal: AbortSignal }) => {
  if (gate === '') throw new TypeError('there is no gate')
  while (!existsSync(gate)) await new Promise(done => setTimeout(done, 10)).then(() => signal.throwIfAborted())
}
`,
  'tasks/tells.ts': `import { existsSync } from 'node:fs'
export default async ({ gate }: { gate: string }, { progress }: { progress(fraction: number, text?: string): void }) => {
  progress(0.62, 'uploading 3/5')
  while (!existsSync(gate)) await new Promise(done => setTimeout(done, 10))
}
`,
  'tasks/nap.ts':
    "export default (_: unknown, { signal }: { signal: AbortSignal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))\n",
})
devForAll(test, dir, { TQ_SLOTS: '20' }) // handlers that wait at a gate hold no child

let gates = 0
const newGate = (): string => join(dir, `gate-${gates++}`)
const open = (gate: string) => writeFileSync(gate, '')
const started = async (...args: string[]): Promise<string> =>
  (await tq(dir, ['run', ...args, '-o', 'name'])).stdout.slice(-8)
const seen = (one: Terminal, wanted: string | RegExp) =>
  until(() => stripVTControlCharacters(one.text()).search(wanted) >= 0).catch(() => {
    throw new Error(`${wanted} was not seen on the terminal:\n${one.text().slice(-2000)}`)
  })

/** What the same terminal shows of a run that has ended: one frame and nothing else. */
const stillOf = async (id: string, size: { columns: number; rows: number }) =>
  (await terminal(dir, `watch ${id}`, size).ended).screen.lines()

/** The tree alone: what is said behind its end is a sentence, which may wrap. */
const treeOf = (text: string, { columns, rows }: { columns: number; rows: number }): Screen => {
  const screen = openScreen(columns, rows)
  screen.write(text.slice(0, text.search(/\S+ wide \w{8} succeeded/)))
  return screen
}

for (const size of [
  { columns: 60, rows: 30 },
  { columns: 60, rows: 10 },
  { columns: 30, rows: 6 },
])
  onTerminal(`on ${size.columns} × ${size.rows} no line wraps, and what stays is the last tree alone`, async t => {
    const gate = newGate()
    const id = await started('wide', '-i', `gate=${gate}`)
    const watching = terminal(dir, `watch ${id}`, size)
    await seen(watching, 'a-step-with')
    open(gate)
    open(`${gate}-last`)
    const { screen, text, exitCode } = await watching.ended
    t.is(exitCode, 0)
    t.deepEqual(treeOf(text, size).wraps(), [])
    t.deepEqual(screen.lines(), await stillOf(id, size))
    if (size.columns < 60) return
    const [head, ...lines] = screen.lines()
    t.regex(head!, /^✓ wide {2}succeeded/)
    t.is(lines.length, 9)
    t.regex(lines[2]!, /^├─ ✓ each .* 108 succeeded, 12 …$/)
    t.regex(lines[5]!, /^├─ ✓ all .* 108 succeeded, 12 …$/)
    t.regex(lines[6]!, /^└─ ✓ last/)
    t.regex(lines[7]!, /^✓ wide \w{8} succeeded/)
  })

for (const narrows of [
  { columns: 40, rows: 30 },
  { columns: 32, rows: 20 },
  { columns: 32, rows: 9 },
  { columns: 90, rows: 40 },
])
  onTerminal(`a terminal of 60 × 30 that becomes ${narrows.columns} × ${narrows.rows} keeps no rubbish`, async t => {
    const gate = newGate()
    const file = newGate()
    const id = await started('wide', '-i', `gate=${gate}`)
    const watching = terminal(dir, `watch ${id}`, { narrows: { file, ...narrows } })
    await seen(watching, 'a-step-with')
    open(file)
    await until(() => watching.text().includes('size;'))
    open(gate)
    open(`${gate}-last`)
    const { screen, text, exitCode } = await watching.ended
    t.is(exitCode, 0)
    t.deepEqual(treeOf(text, { columns: 60, rows: 30 }).wraps(), [])
    const still = await stillOf(id, narrows)
    // What no longer fits was scrolled away by the terminal, where nobody can erase it.
    t.deepEqual(narrows.rows < 20 ? screen.lines().slice(-still.length) : screen.lines(), still)
  })

onTerminal(
  'while items run, those that fail are told of, a few of them, and progress as the handler tells it',
  async t => {
    const gate = newGate()
    const watching = terminal(dir, `watch ${await started('tells', '-i', `gate=${gate}`)}`, { columns: 90 })
    await seen(watching, /▷ upload +\d.* 62 % {2}uploading 3\/5/)
    open(gate)
    await seen(watching, /▷ parts .*╌ 2▷ of 2\r?\n +▷ \[0\] .* 62 % {2}uploading 3\/5/)
    open(`${gate}-part`)
    t.is((await watching.ended).exitCode, 0)

    const other = newGate()
    const failing = terminal(dir, `watch ${await started('mixed', '-i', `gate=${other}`)}`, { columns: 90 })
    await seen(failing, /▷ some .* 1✖ 1▷ of 2\r?\n +✖ \[0\] {2}TypeError: .*\r?\n +▷ \[1\]/)
    open(other)
    t.is((await failing.ended).exitCode, 0)
  },
)

onTerminal('Ctrl-C leaves the run going and says how to come back; a second one asks to cancel it', async t => {
  const id = await started('long')
  const first = terminal(dir, `watch ${id}`)
  await seen(first, 'nap|step-12')
  first.type('\u0003')
  const left = await first.ended
  t.is(left.exitCode, 130)
  t.true(left.text.includes(`run ${id} goes on. Come back: tq watch ${id}`))
  t.regex((await tq(dir, ['get', 'runs', id])).stdout, /running/)

  const second = terminal(dir, `watch ${id}`)
  await seen(second, 'step-12')
  second.type('\u0003')
  await seen(second, 'Come back')
  second.type('\u0003')
  await seen(second, `cancel run ${id}\\? \\[y/N\\]`)
  second.type('y\r')
  t.is((await second.ended).exitCode, 130)
  t.is((await tq(dir, ['watch', id])).exitCode, 4)
})

test('through a pipe it is one line a change, with its time and without any escape; a run that has ended is told of too', async t => {
  const gate = newGate()
  open(gate)
  open(`${gate}-last`)
  const id = await started('wide', '-i', `gate=${gate}`)
  for (const watching of [tq(dir, ['watch', id]), tq(dir, ['watch', id])]) {
    const { exitCode, stdout, stderr } = await watching
    t.is(exitCode, 0)
    t.false(`${stdout}${stderr}`.includes('\u001b'))
    const lines = stderr.split('\n').slice(0, -1)
    for (const line of lines) t.regex(line, /^\d\d:\d\d:\d\d [✓✖▷◷] \S/)
    t.true(lines.length < 60, `${lines.length} lines`)
    t.is(lines.filter(line => / ✓ all /.test(line) && line.includes('108 succeeded, 12 failed')).length, 1)
  }
})

test('off a terminal Ctrl-C ends at once, with the way back', async t => {
  const id = await started('long')
  const watching = tq(dir, ['watch', id])
  await printed(watching, 'step-11')
  watching.kill('SIGINT')
  const { exitCode, stderr } = await watching
  t.is(exitCode, 130)
  t.regex(stderr, new RegExp(`Come back: tq watch ${id}`))
  await tq(dir, ['cancel', id])
})

test('while the database is away watching goes on, and says so', async t => {
  const postgres = await ownPostgres(t)
  const env = { TQ_DATABASE_URL: await postgres.database() }
  await tq(dir, ['db', 'migrate'], { env })
  await tq(dir, ['apply'], { env })
  const { stdout: id } = await tq(dir, ['run', 'long', '-o', 'name'], { env })
  const watching = tq(dir, ['watch', id], { env })
  await printed(watching, 'running')
  const away = printed(watching, 'the database is away')
  const back = printed(watching, 'the database is back')
  await postgres.kill()
  await away
  await postgres.start()
  await back
  watching.kill('SIGINT')
  t.is((await watching).exitCode, 130)
})
