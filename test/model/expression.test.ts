import test from 'ava'
import { evaluate, ExpressionError, references, type Scope } from '../../engine/model/expression.ts'
import type { Json, JsonObject } from '../../engine/model/json.ts'
import type { Template } from '../../engine/model/plan.ts'
import { planOf, workflow } from '../compile/support.ts'

const values: JsonObject = {
  n: 3,
  big: 12,
  s: 'Hello',
  empty: '',
  yes: true,
  nothing: null,
  list: [3, 1, 3],
  names: ['b', 'a'],
  object: { a: { b: [10, 20] }, c: 1 },
  time: '2026-05-01T12:30:05Z',
  text: '{"x":[1]}',
}

const inputs = Object.keys(values)
  .map(name => `${name}: {}`)
  .join(', ')

/** The template of an expression, by way of a manifest. */
const compiled = (expression: string): Template =>
  planOf(workflow('Chain', `inputs: { ${inputs} }\nsteps:\n  - task: noop\n    with: ${JSON.stringify(expression)}`))
    .nodes[1]!.with!

const scope: Scope = { lookup: root => (root.name === 'inputs' ? values : undefined) }
const value = (expression: string): Json => evaluate(compiled(expression), scope)

const table: [string, Json][] = [
  ['{{ inputs.n }}', 3],
  ['  {{ inputs.list }}  ', [3, 1, 3]],
  ['n={{ inputs.n }} {{ inputs.s }}', 'n=3 Hello'],
  ['{{ inputs.object.a.b.[1] }}', 20],
  ['{{ inputs.nothing }}', null],
  ["{{ 'text' }}", 'text'],
  ['{{ eq inputs.n 3 }}', true],
  ["{{ eq inputs.n '3' }}", false],
  ['{{ eq inputs.list (list 3 1 3) }}', true],
  ['{{ ne inputs.nothing null }}', false],
  ['{{ lt inputs.n 10 }}', true],
  ["{{ gt 'b' 'a' }}", true],
  ['{{ lte inputs.n 3 }}', true],
  ['{{ gte inputs.n 4 }}', false],
  ['{{ and inputs.yes (gt inputs.n 1) }}', true],
  ['{{ or (gt inputs.n 5) inputs.yes }}', true],
  ['{{ not inputs.yes }}', false],
  ["{{ in 'a' inputs.names }}", true],
  ["{{ in 'ell' inputs.s }}", true],
  ["{{ if inputs.yes 'a' 'b' }}", 'a'],
  ["{{ default inputs.object.none 'x' }}", 'x'],
  ["{{ default inputs.nothing 'x' }}", null],
  ["{{ coalesce inputs.object.none inputs.nothing 'x' }}", 'x'],
  ['{{ coalesce inputs.nothing }}', null],
  ['{{ list }}', []],
  ["{{ object 'a' 1 'b' (list 2) }}", { a: 1, b: [2] }],
  ["{{ merge inputs.object (object 'c' 2) }}", { a: { b: [10, 20] }, c: 2 }],
  ["{{ get inputs.object 'c' }}", 1],
  ["{{ get inputs.object 'toString' 0 }}", 0],
  ['{{ get inputs.list -1 }}', 3],
  ['{{ len inputs.s }}', 5],
  ['{{ len inputs.object }}', 2],
  ['{{ first inputs.names }}', 'b'],
  ['{{ last inputs.names }}', 'a'],
  ["{{ join inputs.names '-' }}", 'b-a'],
  ["{{ split 'a,b' ',' }}", ['a', 'b']],
  ["{{ concat inputs.s '-' inputs.n }}", 'Hello-3'],
  ['{{ concat inputs.names inputs.list }}', ['b', 'a', 3, 1, 3]],
  ['{{ lower inputs.s }}{{ upper inputs.s }}', 'helloHELLO'],
  ["{{ trim ' x ' }}", 'x'],
  ["{{ replace inputs.s 'l' '$&' }}", 'He$&$&o'],
  ['{{ json inputs.object }}', '{"a":{"b":[10,20]},"c":1}'],
  ['{{ parse-json inputs.text }}', { x: [1] }],
  ["{{ date inputs.time 'yyyy-MM-dd HH:mm' }}", '2026-05-01 12:30'],
  ["{{ add-time inputs.time '-1h30m' }}", '2026-05-01T11:00:05.000Z'],
  ['{{ sum inputs.list }}', 7],
  ['{{ unique inputs.list }}', [3, 1]],
]

for (const [expression, expected] of table) {
  test(`${expression} gives ${JSON.stringify(expected)}`, t => {
    t.deepEqual(value(expression), expected)
  })
}

const wrong: [string, RegExp][] = [
  ['{{ inputs.object.cc }}', /there is no "cc"; did you mean "c"\?/],
  ['{{ inputs.object.constructor }}', /there is no "constructor"/],
  ['{{ inputs.object.a.__proto__ }}', /there is no "__proto__"/],
  ['{{ inputs.list.length }}', /there is no "length" in a list of 3/],
  ['{{ inputs.n.x }}', /there is no "x" in 3/],
  ['a {{ inputs.object }}', /an object cannot be put into text/],
  ['a {{ inputs.nothing }}', /null cannot be put into text/],
  ["{{ if inputs.n 'a' 'b' }}", /"if" wants a boolean, not 3/],
  ['{{ upper inputs.n }}', /"upper" wants a text as argument 1, not 3/],
  ['{{ lt inputs.n inputs.s }}', /compares two numbers or two texts/],
  ["{{ get inputs.object 'constructor' }}", /finds no "constructor"/],
  ['{{ first inputs.object.none }}', /there is no "none"/],
  ['{{ parse-json inputs.s }}', /wants a text that is JSON/],
  ['{{ date inputs.s }}', /wants a date/],
]

for (const [expression, message] of wrong) {
  test(`${expression} is an error`, t => {
    const error = t.throws(() => value(expression), { instanceOf: ExpressionError, message })
    t.is(error!.name, 'ExpressionError')
    t.regex(error!.at, /^test\.yaml:\d+:\d+$/)
  })
}

test('templates are evaluated inside of lists and maps', t => {
  const text = workflow('Chain', 'inputs: { n: {} }\nsteps:\n  - task: noop\n    with: { k: ["{{ inputs.n }}", 1] }')
  t.deepEqual(evaluate(planOf(text).nodes[1]!.with!, scope), { k: [3, 1] })
})

test('a name with braces in it is made by `object`', t => {
  t.deepEqual(value("{{ object '{{ k }}' inputs.n }}"), { '{{ k }}': 3 })
})

test('references are the roots of a template, each once', t => {
  t.deepEqual(references(compiled('{{ default inputs.n inputs.big }} {{ run.id }}')), [
    { name: 'inputs' },
    { name: 'run' },
  ])
})
