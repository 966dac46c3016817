import test from 'ava'
import { formatDiagnostic } from '../../engine/compile/index.ts'
import { compileText, workflow } from './support.ts'

test('a diagnostic is a line for people and the place with carets', t => {
  const text = workflow('Chain', 'steps:\n  - id: charge\n    tsk: noop')
  const [diagnostic] = compileText(text).diagnostics
  t.is(
    formatDiagnostic(diagnostic!, text),
    'test.yaml:7:7  UNKNOWN_FIELD  unknown field "tsk"; did you mean "task"?\n   7 |       tsk: noop\n     |       ^^^',
  )
})

test('carets stand under the text where there are tabs before it', t => {
  const diagnostic = {
    severity: 'error',
    code: 'INVALID_YAML',
    message: 'x',
    file: 'f',
    line: 1,
    column: 3,
    endColumn: 5,
  } as const
  t.is(formatDiagnostic(diagnostic, '\tabcd'), 'f:1:3  INVALID_YAML  x\n   1 | \tabcd\n     | \t ^^')
})

test('all mistakes of all documents come at once, in the order of the text', t => {
  const text = `${workflow('Chain', 'steps: [{ task: nop }]')}---\n${workflow('Group', 'steps: [{ task: noop, timeout: 3 }, { with: "{{ inputs.x }}", task: noop }]')}`
  const found = compileText(text).diagnostics.map(({ code, line }) => `${code} ${line}`)
  t.deepEqual(found, ['UNKNOWN_TASK 5', 'DUPLICATE_NAME 9', 'INVALID_DURATION 11', 'UNKNOWN_REFERENCE 11'])
})

test('one mistake of a step is not followed by others about the same step', t => {
  const text = workflow(
    'Chain',
    'steps: [{ id: a, tsak: noop, with: "{{ inputs.nothing }}" }, { task: noop, with: "{{ steps.a.output.x }}" }]',
  )
  t.deepEqual(
    compileText(text).diagnostics.map(one => one.code),
    ['UNKNOWN_FIELD'],
  )
})

test('of a long line the part around the place is shown', t => {
  const text = `${'a'.repeat(500)}wrong${'b'.repeat(500)}`
  const diagnostic = { severity: 'error', code: 'INVALID_YAML', message: 'x', file: 'f', line: 1 } as const
  const lines = formatDiagnostic({ ...diagnostic, column: 501, endColumn: 506 }, text).split('\n')
  t.is(lines[1], `   1 | …${'a'.repeat(40)}wrong${'b'.repeat(75)}…`)
  t.is(lines[2], `     | ${' '.repeat(41)}^^^^^`)
  t.is(
    formatDiagnostic({ ...diagnostic, column: 1005, endColumn: 1006 }, text).split('\n')[2],
    `     | ${' '.repeat(120)}^`,
  )
})

test('what a manifest has in it moves no cursor', t => {
  const text = workflow('Chain', 'steps:\n  - task: noop\n    "\\e[2Jx": 1\n    # \u001b[31m')
  const { diagnostics } = compileText(text.replace('"\\e[2Jx": 1', '"\u001b[2Jx": 1'))
  t.notDeepEqual(diagnostics, [])
  for (const one of diagnostics) t.false(formatDiagnostic(one, text).includes('\u001b'))
})

test('ten thousand mistakes are ten thousand diagnostics, each at its place', t => {
  const text = workflow(
    'Chain',
    `steps:\n${Array.from({ length: 10_000 }, (_, i) => `  - id: a${i}\n    tsk: noop`).join('\n')}`,
  )
  const { diagnostics } = compileText(text)
  t.is(diagnostics.length, 10_000)
  t.deepEqual([diagnostics.at(-1)!.line, diagnostics.at(-1)!.column], [20_005, 7])
})

test('a file that is too large is refused before it is parsed', t => {
  const [diagnostic, ...others] = compileText('#'.repeat(33 * 1024 * 1024)).diagnostics
  t.deepEqual(others, [])
  t.like(diagnostic, { code: 'TOO_LARGE', line: 1, column: 1 })
})
