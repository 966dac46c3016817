import test from 'ava'
import { compileText, workflow } from './support.ts'

/** What a newcomer is told to write, by what they wrote. */
const head = 'apiVersion: tq/v1\nkind: Chain\nmetadata: { name: sample }\nspec:\n'
const steps = `${head}  steps:\n`

const cases: { title: string; text: string; said: RegExp }[] = [
  { title: 'a text with a colon', text: `${head}  output: Note: done\n`, said: /write "Note: done"$/ },
  {
    title: 'a text that begins with a star',
    text: `${head}  output: */5 * * * *\n`,
    said: /write "\*\/5 \* \* \* \*"$/,
  },
  { title: 'a text that begins with @', text: `${head}  output: { a: @ada, b: 1 }\n`, said: /write "@ada"$/ },
  { title: 'no space after a colon', text: `${steps}    - id: a\n      task:noop\n`, said: /after "task:"$/ },
  {
    title: 'a comment that takes a brace',
    text: `${head}  output: { a: #ff }\n`,
    said: /quote a text that begins with #$/,
  },
  { title: 'two documents in one', text: `${head}  steps: []\n${head}  steps: []\n`, said: /a line of ---$/ },
  {
    title: 'two steps in one',
    text: `${steps}    - id: a\n      task: noop\n      id: b\n      task: noop\n`,
    said: /"- "$/,
  },
  {
    title: 'fields that are not indented',
    text: `${steps}    - task: noop\n      retry:\n      max: 3\n`,
    said: /belongs below "retry"/,
  },
  { title: 'a word of another system', text: `${steps}    - run: npm test\n`, said: /here that is "task"$/ },
  { title: 'a step by its task', text: `${steps}    - noop: { a: 1 }\n`, said: /write task: noop$/ },
  { title: 'a step as a text', text: `${steps}    - noop\n`, said: /write \{ task: noop \}$/ },
  {
    title: 'a policy beside steps',
    text: workflow('Chain', 'timeout: 5m\nsteps: [{ task: noop }]'),
    said: /below "defaults"/,
  },
  { title: "another kind's field", text: workflow('Chain', 'handler: noop\nsteps: []'), said: /belongs to a Task$/ },
  {
    title: 'an expression where none is evaluated',
    text: workflow('Chain', 'deadline: "{{ inputs.a }}"\nsteps: []'),
    said: /config/,
  },
  {
    title: 'a condition without braces',
    text: workflow('Chain', 'inputs: { n: { type: integer } }\nsteps: [{ task: noop, when: inputs.n > 3 }]'),
    said: /write "\{\{ gt inputs\.n 3 \}\}"$/,
  },
  {
    title: 'a helper of another language',
    text: workflow('Chain', 'output: "{{ length run.id }}"\nsteps: []'),
    said: /here that is "len"$/,
  },
  {
    title: 'a root of another system',
    text: workflow('Chain', 'output: "{{ tasks.a.output }}"\nsteps: []'),
    said: /that is "steps"$/,
  },
  {
    title: 'a dollar sign before an expression',
    text: workflow('Chain', 'output: "${{ run.id }}"\nsteps: []'),
    said: /concat '\$' run\.id/,
  },
  {
    title: 'a workflow of a file that is not given',
    text: `${steps}    - workflow: ./parts/mail.yaml\n---\n${head.replace('sample', 'other')}  steps: []\n`,
    said: /where another file has it/,
  },
  {
    title: 'the name of a workflow with a namespace',
    text: `${steps}    - workflow: default/other\n---\n${head.replace('sample', 'other')}  steps: []\n`,
    said: /did you mean "other"\?$/,
  },
  {
    title: "a part's step seen from outside",
    text: `${steps}    - { id: a, workflow: part }\n    - { task: noop, with: { b: "{{ steps.inner.output }}" } }\n---\n${head.replace('sample', 'part')}  steps: [{ id: inner, task: noop }]\n`,
    said: /a step of workflow "part"; .* steps\.a\.output$/,
  },
  {
    title: 'a step by its task, in an expression',
    text: `${steps}    - task: noop\n    - { task: noop, with: { b: "{{ steps.noop.output }}" } }\n`,
    said: /an id, id: noop$/,
  },
  {
    title: 'an input that a part does not declare',
    text: workflow('Chain', 'steps: [{ task: noop, with: { a: "{{ inputs.day }}" } }]'),
    said: /inputs: \{ day: \{ type: string \} \}$/,
  },
  {
    title: "another system's step that starts a workflow",
    text: `${steps}    - type: io.kestra.plugin.core.flow.Subflow\n`,
    said: /here that is "workflow"/,
  },
  {
    title: "a secret's variable",
    text: workflow('Chain', `steps: [{ task: noop, with: { a: "{{ secret 'TQ_SECRET_MAIL__TOKEN' }}" } }]`),
    said: /write 'mail\/token'/,
  },
  {
    title: 'a secret as a path',
    text: workflow('Chain', 'steps: [{ task: noop, with: { a: "{{ secret.mail }}" } }]'),
    said: /\{\{ secret 'mail\/token' \}\}/,
  },
  {
    title: 'a helper among the arguments',
    text: workflow('Chain', `output: "{{ default lower run.id 'x' }}"\nsteps: []`),
    said: /\(lower run\.id\)$/,
  },
  { title: 'a name with capitals', text: `${steps}    - { id: firstStep, task: noop }\n`, said: /write first-step$/ },
  {
    title: 'a Group with a body',
    text: workflow('Group', 'header: [{ task: noop }]\nbody: { task: noop }'),
    said: /write kind: Chord$/,
  },
  {
    title: 'an unknown field beside a task',
    text: `${steps}    - { task: noop, message: hi }\n`,
    said: /below "with"/,
  },
  { title: 'an octal number', text: workflow('Chain', 'output: 0755\nsteps: []'), said: /write "0755" .* 0o755/ },
]

for (const { title, text, said } of cases) {
  test(`${title} is one mistake, and its message says what to write`, t => {
    const { diagnostics } = compileText(text)
    t.is(diagnostics.length, 1, JSON.stringify(diagnostics.map(one => one.message)))
    t.regex(diagnostics[0]!.message, said)
  })
}

test('a part that is wrong and merged twice is told once, where it is written', t => {
  const text = `x-often: &often\n  retires: { max: 3 }\n${steps}    - { <<: *often, task: noop }\n    - { <<: *often, task: noop }\n`
  t.deepEqual(
    compileText(text).diagnostics.map(({ code, line, column }) => `${code} ${line}:${column}`),
    ['UNKNOWN_FIELD 2:3'],
  )
})
