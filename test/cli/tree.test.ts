import { stripVTControlCharacters } from 'node:util'
import test from 'ava'
import { execa } from 'execa'
import { onTerminal } from '../support/terminal.ts'
import { devForAll, entry, environment, project } from './support.ts'

const dir = project({
  'manifests/all.yaml': `
apiVersion: tq/v1
kind: Chain
metadata: { name: wide }
spec:
  steps:
    - { id: list, task: numbers }
    - id: report
      chord:
        header:
          - { id: each, forEach: { in: "{{ steps.list.output }}", maxFailures: 100% }, task: odd }
          - { id: other, task: numbers }
        body: { id: write, task: numbers }
    - { id: audit, task: numbers, when: false }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: breaks }
spec:
  steps:
    - id: unsteady
      task: unsteady
      retry: { max: 2, delay: 10ms, backoff: fixed, jitter: none }
    - { id: after, task: numbers }
`,
  'tasks/numbers.ts': 'export default () => new Promise(done => setTimeout(() => done([1, 2, 3, 4]), 150))\n',
  'tasks/odd.ts': "export default (n: number) => { if (n % 2 === 0) throw new RangeError('even'); return n }\n",
  'tasks/unsteady.ts':
    'export default (_: unknown, { attempt }: { attempt: number }) => { throw new Error(`nothing, ${attempt}. time\\n\\u001b[2J a very long explanation that does not fit into sixty columns`) }\n',
})

devForAll(test, dir)

/** Runs a command line on a terminal of 60 columns and 30 rows, and gives what was written to it. */
const terminal = async (
  command: string,
): Promise<{ text: string; frames: string[][]; exitCode: number | undefined }> => {
  const { stdout, exitCode } = await execa(
    'script',
    ['-qec', `stty cols 60 rows 30; ${process.execPath} ${entry} ${command}`, '/dev/null'],
    {
      cwd: dir,
      reject: false,
      stdin: 'ignore',
      env: environment({ TERM: 'xterm' }),
      extendEnv: false,
    },
  )
  const text = stdout.replaceAll('\r', '')
  const frames = text
    .split(/\u001b\[\d+A\u001b\[0G\u001b\[0J/)
    .map(frame => stripVTControlCharacters(frame).split('\n'))
  return { text, frames, exitCode }
}

onTerminal('the tree is redrawn in place, no line wraps, and the last frame stays', async t => {
  const { text, frames, exitCode } = await terminal('run wide --watch')
  t.is(exitCode, 0)
  t.true(frames.length > 2)
  const last = frames.at(-1)!.filter(Boolean).slice(0, 7)
  for (const line of [...frames.slice(0, -1).flat(), ...last]) t.true([...line].length < 60, line)
  // Each redraw goes up by as many lines as the frame before it had.
  const ups = [...text.matchAll(/\u001b\[(\d+)A/g)].map(found => Number(found[1]))
  t.deepEqual(
    ups,
    frames.slice(0, -1).map(frame => frame.filter(Boolean).length),
  )
  t.regex(last[0]!, /^✓ wide {2}succeeded \d.*6\/6 steps {2}run/)
  t.regex(last[1]!, /^├─ ✓ list {2,}\d+ ms$/)
  t.regex(last[2]!, /^├─ ✓ report +\d/)
  t.regex(last[3]!, /^│ {2}├─ ✓ each +\d.* {2}2 succeeded, 2 failed$/)
  t.regex(last[4]!, /^│ {2}├─ ✓ other/)
  t.regex(last[5]!, /^│ {2}└─ ✓ write/)
  t.regex(last[6]!, /^└─ ↷ audit +skipped$/)
  t.false(frames.flat().some(line => /attempt|header| 0 ms report/.test(line)))
})

onTerminal(
  'a failed run ends with what failed and where the logs are; what a handler said moves no cursor',
  async t => {
    const { text, frames, exitCode } = await terminal('run breaks --watch')
    t.is(exitCode, 3)
    t.false(text.includes('\u001b[2J'))
    const last = frames.at(-1)!.filter(Boolean)
    t.regex(last[1]!, /^├─ ✖ unsteady .*attempt 3 of 3 {2}Error: nothing.*…$/)
    t.regex(last[2]!, /^└─ ↷ after +omitted$/)
    t.regex(last[3]!, /^✖ breaks \w{8} failed after .*: unsteady: Error: nothing, 3\. time$/)
    t.regex(last[4]!, /^ {2}logs: tq logs \w{8}\/unsteady /)
  },
)
