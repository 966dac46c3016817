import test from 'ava'
import { compile, type Compiled } from '../../engine/compile/index.ts'
import { seeded } from '../support/fuzz.ts'
import { handlers, workflow } from './support.ts'

const values = `mail: { from: a@b.example, retries: 3, hours: [8, 20] }
team: east
limit: 20
day: 2
quote: "it's \\"so\\" {"
back: 'c:\\'
`
const compiled = (text: string, ...files: string[]): Compiled =>
  compile([{ file: 'a.yaml', text }], {
    handlers,
    known: [],
    values: (files.length > 0 ? files : [values]).map((file, i) => ({ file: `values-${i}.yaml`, text: file })),
  })
const errors = ({ diagnostics }: Compiled) => diagnostics.filter(one => one.severity === 'error')
/** The `with` of the only step, as the plan has it. */
const passed = (value: string): unknown => {
  const result = compiled(workflow('Chain', `inputs: { x: { type: string } }\nsteps: [{ task: noop, with: ${value} }]`))
  const [wrong] = errors(result)
  if (wrong) return `${wrong.code} ${wrong.message}`
  const spec = result.manifests[0]!.document.spec as { steps: { with: unknown }[] }
  return spec.steps[0]!.with
}

const becomes = test.macro({
  exec: (t, value: string, expected: unknown) => t.deepEqual(passed(value), expected),
  title: (_, value) => `${value}, with values put in`,
})
test(becomes, '"{{ config.mail.retries }}"', 3)
test(becomes, '"{{ config.mail.hours }}"', [8, 20])
test(becomes, '"{{ config.mail }}"', { from: 'a@b.example', retries: 3, hours: [8, 20] })
test(becomes, '"{{ config.mail.hours.[1] }}"', 20)
test(becomes, '"to {{ config.mail.from }}, {{ config.limit }}"', 'to a@b.example, 20')
test(becomes, '"{{ config.team }}/{{ inputs.x }}"', 'east/{{ inputs.x }}')
test(becomes, '"{{ concat config.team inputs.x }}"', "{{ concat 'east' inputs.x }}")
test(becomes, '"{{ concat config.team \'-mail\' }}"', 'east-mail')
test(becomes, '"{{ default config.nothing 7 }}"', 7)
test(becomes, '"{{ default config.nothing inputs.x }}"', '{{ inputs.x }}')
test(becomes, '"{{ default config.limit 7 }}"', 20)
test(becomes, '"{{ coalesce config.nothing inputs.x config.team }}"', "{{ coalesce inputs.x 'east' }}")
test(becomes, '"{{ eq config.day 2 }}"', true)
test(becomes, '"{{ concat config.quote inputs.x }}"', `{{ concat 'it\\'s "so" {' inputs.x }}`)
test(becomes, '"{{ config.back }}{{ inputs.x }}"', `{{ parse-json '"c:\\\\"' }}{{ inputs.x }}`)
test(
  becomes,
  '"{{ get config.mail inputs.x }}"',
  `{{ get (parse-json '{"from":"a@b.example","retries":3,"hours":[8,20]}') inputs.x }}`,
)
test(
  becomes,
  '"text {{ config.mail }}"',
  'TYPE_MISMATCH an object, a list or null cannot be put into text; use (json …)',
)
test(becomes, '"{{ inputs.x }}"', '{{ inputs.x }}')

test('what values become is an expression that compiles', t => {
  for (const text of [
    'concat config.quote inputs.x',
    'concat config.team inputs.x',
    'coalesce config.nothing inputs.x',
  ])
    t.deepEqual(
      errors(compiled(workflow('Chain', `inputs: { x: {} }\nsteps: [{ task: noop, with: "{{ ${text} }}" }]`))),
      [],
      text,
    )
  t.deepEqual(
    errors(
      compiled(
        workflow(
          'Chain',
          'inputs: { x: { type: string } }\nsteps: [{ task: noop, with: "{{ config.back }}{{ inputs.x }}" }]',
        ),
      ),
    ),
    [],
  )
})

test('plain fields take values too: names, numbers, durations, namespaces', t => {
  const { diagnostics, manifests } = compiled(
    `apiVersion: tq/v1
kind: Queue
metadata: { name: "{{ config.team }}-mail", namespace: "{{ config.team }}" }
spec: { concurrency: "{{ config.limit }}" }
`,
    'team: east\nlimit: 20',
  )
  t.deepEqual(diagnostics, [])
  t.deepEqual(manifests[0]!.document.spec, { concurrency: 20 })
  t.is(manifests[0]!.name, 'east-mail')
  t.is(manifests[0]!.namespace, 'east')
  t.deepEqual(manifests[0]!.config, { team: 'east', limit: 20 })
  t.regex(manifests[0]!.source, /concurrency: "\{\{ config\.limit \}\}"/)
})

test('of two files the later wins, and objects are merged', t => {
  const { manifests } = compiled(
    workflow('Chain', 'steps: [{ task: noop, with: "{{ config.mail }}" }]'),
    'mail: { from: a, retries: 3 }',
    'mail: { retries: 5 }',
  )
  const spec = manifests[0]!.document.spec as { steps: { with: unknown }[] }
  t.deepEqual(spec.steps[0]!.with, { from: 'a', retries: 5 })
})

test('a value that is missing is told at its place, once, with what is near', t => {
  const text = workflow('Chain', 'steps:\n  - task: "{{ config.tsak }}"\n    with: { to: "{{ config.mail.frm }}" }')
  t.deepEqual(
    compiled(text, 'mail: { from: a }\ntask: noop').diagnostics.map(({ code, line, column, message, severity }) =>
      severity === 'error' ? `${code} ${line}:${column} ${message}` : code,
    ),
    [
      'MISSING_VALUE 6:24 config has no "tsak"; did you mean "task"?',
      'MISSING_VALUE 7:35 config.mail has no "frm"; did you mean "from"?',
      'UNUSED_VALUE',
      'UNUSED_VALUE',
    ],
  )
  const without = compile([{ file: 'a.yaml', text: workflow('Chain', 'steps: [{ task: "{{ config.task }}" }]') }], {
    handlers,
    known: [],
  })
  t.deepEqual(
    without.diagnostics.map(one => `${one.code} ${one.message}`),
    ['MISSING_VALUE config.task has no value; give one: --values FILE, with task in it'],
  )
})

test('a value of the wrong type is told where the expression stands, with the value', t => {
  const text = 'apiVersion: tq/v1\nkind: Queue\nmetadata: { name: q }\nspec:\n  concurrency: "{{ config.limit }}"\n'
  t.deepEqual(
    errors(compiled(text, 'limit: many')).map(({ line, column, message }) => `${line}:${column} ${message}`),
    ['5:16 "concurrency" must be a whole number, not a text (config.limit is "many")'],
  )
  const inner = workflow('Chain', 'steps:\n  - task: noop\n    retry: "{{ config.retry }}"')
  t.deepEqual(
    errors(compiled(inner, 'retry: { mx: 3 }')).map(({ code, line, column }) => `${code} ${line}:${column}`),
    ['UNKNOWN_FIELD 7:14'],
  )
})

test('a value that nothing asks for is warned of; one that is an expression is refused', t => {
  const text = workflow('Chain', 'steps: [{ task: noop, with: "{{ config.mail.from }}" }]')
  t.deepEqual(
    compiled(text, 'mail:\n  from: a\n  to: b\nteam: east').diagnostics.map(
      ({ severity, code, file, line, message }) => `${severity} ${code} ${file}:${line} ${message}`,
    ),
    [
      'warning UNUSED_VALUE values-0.yaml:3 no manifest of these asks for config.mail.to',
      'warning UNUSED_VALUE values-0.yaml:4 no manifest of these asks for config.team',
    ],
  )
  t.deepEqual(
    errors(compiled(text, 'mail: { from: "{{ inputs.x }}" }')).map(({ code, file, line, column }) => [
      code,
      file,
      line,
      column,
    ]),
    [['INVALID_VALUE', 'values-0.yaml', 1, 15]],
  )
  t.deepEqual(
    errors(compiled(text, '- a')).map(one => one.code),
    ['INVALID_TYPE'],
  )
})

test('an item may not be called config', t => {
  const text = workflow('Chain', 'steps: [{ forEach: { in: [1], as: config }, task: noop }]')
  t.deepEqual(
    errors(compiled(text)).map(one => one.code),
    ['INVALID_NAME'],
  )
})

test('what is for another namespace than that which it goes to is refused', t => {
  const text = workflow('Chain', 'steps: []').replace('name: sample', 'name: sample, namespace: west')
  const { diagnostics } = compile([{ file: 'a.yaml', text }], { handlers, known: [], namespace: 'east' })
  t.deepEqual(
    diagnostics.map(({ code, line, column }) => `${code} ${line}:${column}`),
    ['INVALID_VALUE 3:38'],
  )
})

test('whatever is written of config, and in whatever values, there is an answer, and mistakes have a place', t => {
  const random = seeded(7)
  const text = workflow(
    'Chain',
    `inputs: { x: { type: string } }
steps:
  - &step { id: a, task: noop, with: { a: "{{ config.mail.from }} {{ inputs.x }}", b: "{{ default config.none (list config.day) }}" } }
  - { <<: *step, id: b, retry: { max: "{{ config.mail.retries }}", delay: "{{ config.wait }}" } }
  - { id: c, task: "{{ config.task }}", when: "{{ eq config.team inputs.x }}", with: ["\\\\{{ config.back }}", "{{config}}", "{{ config.mail.hours.[0] }}"] }`,
  )
  const pieces = [
    '{{',
    '}}',
    '"',
    "'",
    'config',
    '.',
    '(',
    ')',
    'default ',
    '\n',
    '  ',
    '[0]',
    '\\\\',
    ': ',
    '*step',
    '\u0000',
    '__proto__',
  ]
  const mutated = (from: string): string => {
    let result = from
    for (let i = 0; i <= random() * 3; i++) {
      const at = Math.floor(random() * result.length)
      result =
        result.slice(0, at) + pieces[Math.floor(random() * pieces.length)] + result.slice(at + Math.floor(random() * 6))
    }
    return result
  }
  for (let i = 0; i < 500; i++) {
    const [manifest, given] = [mutated(text), random() < 0.5 ? mutated(values) : values]
    const { diagnostics } = compiled(manifest, given)
    const lines = { 'a.yaml': manifest, 'values-0.yaml': given } as { [file: string]: string }
    for (const { file, line, column } of diagnostics)
      t.true(
        line >= 1 && column >= 1 && line <= lines[file]!.split('\n').length,
        `${file}:${line}:${column} of\n${manifest}\n${given}`,
      )
  }
})
