import test from 'ava'
import { codes, compileText, workflow } from './support.ts'

/** What an expression sees: the rules L5 to L7 and R6, case by case. No code: it compiles. */
const cases: { title: string; kind?: string; spec: string; codes: string[] }[] = [
  {
    title: 'inside of a forEach everything outside is seen',
    spec: 'inputs: { l: { type: array } }\nsteps: [{ id: a, task: noop }, { forEach: { in: "{{ inputs.l }}" }, task: noop, with: ["{{ steps.a.output }}", "{{ item }}", "{{ loop.index }}", "{{ loop.key }}"] }]',
    codes: [],
  },
  {
    title: 'the item is not seen outside of its forEach',
    spec: 'steps: [{ id: a, forEach: { in: [1] }, task: noop }, { task: noop, with: "{{ item }}" }]',
    codes: ['UNKNOWN_REFERENCE'],
  },
  {
    title: 'the item is not seen in the list itself',
    spec: 'steps: [{ forEach: { in: ["{{ item }}"] }, task: noop }]',
    codes: ['UNKNOWN_REFERENCE'],
  },
  {
    title: 'an outer item is seen in an inner loop under its own name',
    spec: 'steps: [{ forEach: { in: [[1]], as: row }, chain: [{ forEach: { in: "{{ row }}", as: cell }, task: noop, with: ["{{ row }}", "{{ cell }}"] }] }]',
    codes: [],
  },
  {
    title: 'a step does not see itself',
    spec: 'steps: [{ id: a, task: noop, with: "{{ steps.a.output }}" }]',
    codes: ['NOT_YET_RUN'],
  },
  {
    title: 'a container is not seen from inside',
    spec: 'steps: [{ id: a, chain: [{ task: noop, with: "{{ steps.a.output }}" }] }]',
    codes: ['NOT_YET_RUN'],
  },
  {
    title: 'default does not make a later step earlier',
    spec: 'steps: [{ task: noop, with: "{{ default steps.b.output 1 }}" }, { id: b, task: noop }]',
    codes: ['NOT_YET_RUN'],
  },
  {
    title: 'an inner id shadows an outer one',
    spec: 'steps: [{ id: a, task: noop }, { chain: [{ id: a, task: noop }, { task: noop, with: "{{ steps.a.output }}" }] }]',
    codes: [],
  },
  {
    title: 'needs of needs are seen',
    kind: 'Flow',
    spec: 'steps: [{ id: a, task: noop }, { id: b, needs: [a], task: noop }, { id: c, needs: [b], task: noop, with: "{{ steps.a.output }}" }]',
    codes: [],
  },
  {
    title: 'one of several is not certain',
    kind: 'Flow',
    spec: 'steps: [{ id: a, task: noop }, { id: b, task: noop }, { id: c, needs: [{ any: [a, b] }], task: noop, with: "{{ steps.a.output }}" }]',
    codes: ['MAY_BE_MISSING'],
  },
  {
    title: 'what is needed by all of several is certain only when named',
    kind: 'Flow',
    spec: 'steps: [{ id: a, task: noop }, { id: b, task: noop }, { id: c, needs: [a, { any: [a, b] }], task: noop, with: "{{ steps.a.output }}" }]',
    codes: [],
  },
  {
    title: 'after a failure there is an error, not an output',
    kind: 'Flow',
    spec: 'steps: [{ id: a, task: noop }, { id: b, needs: [{ step: a, on: failed }], task: noop, with: ["{{ steps.a.error.name }}", "{{ steps.a.output }}"] }]',
    codes: ['MAY_BE_MISSING'],
  },
  {
    title: 'the output of a flow cannot rely on what depends on a failure',
    kind: 'Flow',
    spec: 'steps: [{ id: a, task: noop }, { id: b, needs: [{ step: a, on: failed }], task: noop }]\noutput: ["{{ steps.a.output }}", "{{ steps.b.output }}"]',
    codes: ['MAY_BE_MISSING'],
  },
  {
    title: 'the state of a step that may be skipped is certain',
    spec: 'steps: [{ id: a, when: true, task: noop }, { task: noop, with: "{{ steps.a.state }}" }]',
    codes: [],
  },
  {
    title: 'a body sees the members of its header',
    kind: 'Chord',
    spec: 'header: [{ id: a, task: noop }, { id: b, when: true, task: noop }]\nbody: { task: noop, with: ["{{ steps.a.output }}", "{{ coalesce steps.b.output 1 }}"] }',
    codes: [],
  },
  {
    title: 'a header does not see its body',
    kind: 'Chord',
    spec: 'header: [{ id: a, task: noop, with: "{{ steps.b.output }}" }]\nbody: { id: b, task: noop }',
    codes: ['NOT_YET_RUN'],
  },
  {
    title: 'a header and its body share their ids',
    kind: 'Chord',
    spec: 'header: [{ id: a, task: noop }]\nbody: { id: a, task: noop }',
    codes: ['DUPLICATE_ID'],
  },
  {
    title: "a step's own error is known in its onError",
    spec: 'steps: [{ id: a, task: noop, onError: [{ do: [{ task: log, with: ["{{ steps.a.error.message }}", "{{ error.message }}"] }] }] }]',
    codes: [],
  },
  {
    title: "earlier siblings are certain in a step's onError",
    spec: 'steps: [{ id: a, task: noop }, { task: noop, onError: [{ do: [{ task: log, with: "{{ steps.a.output }}" }] }] }]',
    codes: [],
  },
  {
    title: "the list of errors is the workflow's",
    spec: 'steps: [{ task: noop, onError: [{ do: [{ task: log, with: "{{ errors }}" }] }] }]',
    codes: ['UNKNOWN_REFERENCE'],
  },
  {
    title: 'the workflow has a list of errors',
    spec: 'steps: [{ task: noop }]\nonError: [{ do: [{ task: log, with: "{{ errors }}" }] }]',
    codes: [],
  },
  {
    title: 'steps of a block see the earlier ones of the block',
    spec: 'steps: [{ task: noop }]\nfinally: [{ id: f, task: noop }, { task: log, with: "{{ steps.f.output }}" }]',
    codes: [],
  },
  {
    title: 'self is the raw output in `output`',
    spec: 'steps: [{ id: a, task: noop, output: { v: "{{ self.output.v }}" } }, { task: noop, with: "{{ steps.a.output.v }}" }]',
    codes: [],
  },
  {
    title: 'an `output` has the fields that it writes and no others',
    spec: 'steps: [{ id: a, task: noop, output: { v: 1 } }, { task: noop, with: "{{ steps.a.output.w }}" }]',
    codes: ['UNKNOWN_REFERENCE'],
  },
  {
    title: 'a chain hands on what is known of its last step',
    spec: 'steps: [{ id: a, chain: [{ task: noop }, { task: noop, output: { v: 1 } }] }, { task: noop, with: "{{ steps.a.output.w }}" }]',
    codes: ['UNKNOWN_REFERENCE'],
  },
  {
    title: 'with is needed after an allowed failure, skipped steps between or not',
    spec: 'steps: [{ task: noop, allowFailure: true }, { task: noop, when: true, with: 1 }, { task: noop }]',
    codes: ['MAY_BE_MISSING'],
  },
  {
    title: 'a forEach after an allowed failure says with `in` what it gets',
    spec: 'steps: [{ task: noop, allowFailure: true }, { forEach: { in: [1] }, task: noop }]',
    codes: [],
  },
  {
    title: 'a number in place of an integer may fit',
    spec: 'inputs: { n: { type: number } }\nsteps: [{ task: noop, with: "{{ sum (list inputs.n) }}" }]',
    codes: [],
  },
  {
    title: 'a field of a list is none',
    spec: 'inputs: { l: { type: array } }\nsteps: [{ task: noop, with: "{{ inputs.l.name }}" }]',
    codes: ['UNKNOWN_REFERENCE'],
  },
  {
    title: 'schemas that combine others say nothing certain',
    spec: 'inputs: { o: { anyOf: [{ type: object }, { type: string }] } }\nsteps: [{ task: noop, with: "{{ inputs.o.any.thing }}" }]',
    codes: [],
  },
]

for (const { title, kind = 'Chain', spec, codes: expected } of cases) {
  test(title, t => {
    t.deepEqual(codes(workflow(kind, spec)), expected)
  })
}

const hints: [string, string][] = [
  ["{{ inputs.a == 'x' && inputs.b }}", "{{ and (eq inputs.a 'x') inputs.b }}"],
  ['{{ inputs.a || inputs.b }}', '{{ or inputs.a inputs.b }}'],
  ['{{ inputs.a ?? 1 }}', '{{ default inputs.a 1 }}'],
  ['{{ inputs.a | upper }}', '{{ upper inputs.a }}'],
  ["{{ inputs.a | default 'x' }}", "{{ default inputs.a 'x' }}"],
  ['{{ inputs.a.0 }}', '{{ inputs.a.[0] }}'],
  ['{{ inputs.a != 3 }}', '{{ ne inputs.a 3 }}'],
  ['{{ inputs.a >= 3 }}', '{{ gte inputs.a 3 }}'],
  ["{{ inputs.a > 3 && inputs.b !== 'x' }}", "{{ and (gt inputs.a 3) (ne inputs.b 'x') }}"],
  ["{{ inputs.a == 'x && y' }}", "{{ eq inputs.a 'x && y' }}"],
  ['{{ (inputs.a > 3) && !inputs.b }}', '{{ and (gt inputs.a 3) (not inputs.b) }}'],
  ["{{ inputs.a ? 'x' : 'y' }}", "{{ if inputs.a 'x' 'y' }}"],
  ['{{ inputs.a + 1 }}', '{{ sum (list inputs.a 1) }}'],
  ["{{ 'x' + inputs.a }}", "{{ concat 'x' inputs.a }}"],
  ['{{ default(inputs.a, 3) }}', '{{ default inputs.a 3 }}'],
  ["{{ inputs.a | default('x') }}", "{{ default inputs.a 'x' }}"],
  ['{{ inputs.a.toUpperCase() }}', '{{ upper inputs.a }}'],
  ["{{ inputs.a.includes('x') }}", "{{ in 'x' inputs.a }}"],
  ['{{ inputs.a[0] }}', '{{ inputs.a.[0] }}'],
  ["{{ inputs.a['b'] }}", '{{ inputs.a.b }}'],
  ['{{ .Values.a }}', '{{ config.a }}'],
]

for (const [written, rewritten] of hints) {
  test(`for ${written} the diagnostic prints ${rewritten}`, t => {
    const text = workflow(
      'Chain',
      `inputs: { a: {}, b: {} }\nsteps:\n  - task: noop\n    with: ${JSON.stringify(written)}`,
    )
    const { diagnostics } = compileText(text)
    t.deepEqual(
      diagnostics.map(one => one.code),
      ['INVALID_EXPRESSION'],
    )
    t.true(diagnostics[0]!.message.endsWith(`; write ${rewritten}`), diagnostics[0]!.message)
  })
}

const typed = `apiVersion: tq/v1
kind: Task
metadata: { name: typed }
spec: { handler: noop, inputSchema: { type: object, required: [id], properties: { id: { type: string } } } }
---
`

const defaults: [string, string, string[]][] = [
  [
    'inputs that a Task gets by default must have what it requires',
    'inputs: { key: { type: string } }\nsteps: [{ task: typed }]',
    ['TYPE_MISMATCH'],
  ],
  ['inputs that a Task gets by default may fit', 'inputs: { id: { type: string } }\nsteps: [{ task: typed }]', []],
  [
    'a list is no object for the next step',
    'inputs: { id: {} }\nsteps: [{ group: [{ task: noop }] }, { task: typed }]',
    ['TYPE_MISMATCH'],
  ],
  [
    'items must fit the Task',
    'inputs: { l: { type: array, items: { type: integer } } }\nsteps: [{ forEach: { in: "{{ inputs.l }}" }, task: typed }]',
    ['TYPE_MISMATCH'],
  ],
]

for (const [title, spec, expected] of defaults) {
  test(title, t => {
    t.deepEqual(codes(typed + workflow('Chain', spec)), expected)
  })
}
