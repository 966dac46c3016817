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
