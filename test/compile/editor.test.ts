import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { compile, declarations, editorSchema, readProject, type Source } from '../../engine/client.ts'
import { listHandlers } from '../../engine/runtime/handlers.ts'
import { languageServer } from '../support/languageServer.ts'

/** What an editor says of manifests, driven as editors drive it: yaml-language-server with the schema that `tq schema` prints. */
const root = join(import.meta.dirname, '../..')
const handlers = await listHandlers(join(root, 'tasks'))
const schemaOf = (...sources: Source[]) => editorSchema(readProject(sources, handlers))
const sourceOf = (file: string): Source => ({ file, text: readFileSync(join(root, file), 'utf8') })

const greet = `apiVersion: tq/v1
kind: Task
metadata: { name: greet }
spec:
  handler: echo
  inputSchema:
    type: object
    required: [name]
    additionalProperties: false
    properties:
      name: { $ref: '#/$defs/name' }
      mood: { enum: [sad, glad] }
      address: { type: object, properties: { street: { type: string } } }
    $defs: { name: { type: string, minLength: 1 } }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: hello }
spec: { inputs: { who: { type: string }, loud: { type: boolean, default: false } }, steps: [{ id: greet, task: greet, with: { name: Ada } }] }
`
const chain = 'apiVersion: tq/v1\nkind: Chain\nmetadata: { name: x }\nspec:\n  steps:\n    - id: a\n'

test.serial('an editor completes tasks and workflows by name, and `with` by what stands there', async t => {
  const server = await languageServer(schemaOf({ file: 'greet.yaml', text: greet }))
  t.teardown(() => server.stop())
  t.deepEqual(await server.diagnose(greet), [])
  const offers = async (text: string) => (await server.complete(chain + text)).filter(word => !word.startsWith('with-'))
  t.deepEqual((await offers('      task: |\n')).slice(0, 3), ['greet', 'echo', 'fail'])
  t.deepEqual(await offers('      task: greet\n      with:\n        |\n'), ['name', 'mood', 'address'])
  t.deepEqual(await offers('      task: greet\n      with:\n        mood: |\n'), ['sad', 'glad'])
  t.true((await offers('      |\n')).includes('forEach'))

  const found = async (text: string) =>
    (await server.diagnose(chain + text)).map(({ line, column, message }) => `${line}:${column} ${message}`)
  t.deepEqual(
    await found(
      '      task: greet\n      with: { name: "{{ x }}", mood: "{{ y }}", address: { street: "{{ z }}" } }\n',
    ),
    [],
  )
  t.deepEqual(await found('      task: greet\n      with: { name: 7, mood: sad }\n'), [
    '8:21 Incorrect type. Expected "string".',
  ])
  t.deepEqual(await found('      task: greet\n      with: { name: Ada, nood: sad }\n'), [
    '8:26 Property nood is not allowed.',
  ])
  t.deepEqual(await found('      task: greet\n      with: "{{ inputs }}"\n'), [])

  t.deepEqual(await offers('      workflow: |\n'), ['hello'])
  t.deepEqual(await offers('      workflow: hello\n      with:\n        |\n'), ['who', 'loud'])
  t.deepEqual(await found('      workflow: hello\n      with: { who: "{{ x }}" }\n'), [])
  t.deepEqual(await found('      workflow: hello\n      with: { loud: true }\n'), ['8:7 Missing property "who".'])
})

test.serial('an editor knows that values may stand in plain fields', async t => {
  const server = await languageServer(schemaOf())
  t.teardown(() => server.stop())
  const queue = (limit: string) =>
    `apiVersion: tq/v1\nkind: Queue\nmetadata: { name: mail, namespace: "{{ config.team }}" }\nspec: { concurrency: ${limit}, rateLimit: "{{ config.rate }}", paused: "{{ config.off }}" }\n`
  t.deepEqual(await server.diagnose(queue('"{{ config.limit }}"')), [])
  t.deepEqual(
    (await server.diagnose(queue('many'))).map(({ line, column }) => `${line}:${column}`),
    ['4:22'],
  )
})

test.serial('an editor finds nothing wrong with the samples', async t => {
  const samples = globSync('manifests/*.yaml', { cwd: root }).map(sourceOf)
  const server = await languageServer(schemaOf(...samples))
  t.teardown(() => server.stop())
  const found = await Promise.all(samples.map(({ text }) => server.diagnose(text)))
  const wrong = samples.flatMap(({ file }, i) => found[i]!.map(one => ({ file, ...one })))
  t.deepEqual(wrong, [])
})

test.serial('where an editor sees a mistake it is at the place that validate names', async t => {
  const invalid = globSync('manifests/invalid/*.yaml', { cwd: root }).map(sourceOf)
  const server = await languageServer(schemaOf(...invalid))
  t.teardown(() => server.stop())
  const places = (found: { line: number; column: number }[]) => found.map(one => `${one.line}:${one.column}`).join()
  const found = await Promise.all(invalid.map(({ text }) => server.diagnose(text)))
  const equal = invalid
    .filter((source, i) => places(found[i]!) === places(compile([source], { handlers, known: [] }).diagnostics))
    .map(source => source.file)
  t.true(equal.length >= 20, `${equal.length}: ${equal.join(', ')}`)
  t.log(`${equal.length} of ${invalid.length} at the same places`)
})

test('types of tasks and workflows fit their schemas', t => {
  const text = declarations(readProject([{ file: 'greet.yaml', text: greet }], handlers))
  t.true(
    text.includes(`  interface Tasks {
    greet: { input: { name: string; mood?: "sad" | "glad"; address?: { street?: string } }; output: unknown }
  }
  interface Workflows {
    hello: { input: { who: string; loud?: boolean } }
  }`),
    text,
  )
})

const typed: [schema: object | boolean, text: string][] = [
  [true, 'unknown'],
  [false, 'never'],
  [{ type: ['integer', 'null'] }, 'number | null'],
  [{ const: 'a' }, '"a"'],
  [{ type: 'array', items: { type: ['string', 'null'] } }, '(string | null)[]'],
  [{ type: 'array', prefixItems: [{ type: 'string' }], items: false }, '[string]'],
  [{ type: 'object' }, '{ [name: string]: unknown }'],
  [{ type: 'object', additionalProperties: { type: 'number' } }, '{ [name: string]: number }'],
  [{ type: 'object', additionalProperties: false }, 'Record<string, never>'],
  [{ properties: { 'a-b': { description: 'A */ b.' } } }, '{ /** A * / b. */ "a-b"?: unknown }'],
  [
    { anyOf: [{ type: 'string' }, { type: 'object', properties: { a: {} }, required: ['a'] }] },
    'string | { a: unknown }',
  ],
  [{ allOf: [{ properties: { a: {} } }, { anyOf: [{ const: 1 }, { const: 2 }] }] }, '{ a?: unknown } & (1 | 2)'],
  [{ properties: { next: { $ref: '#' } } }, '{ next?: { next?: unknown } }'],
  [{ $ref: 'https://example.com/other' }, 'unknown'],
]
for (const [schema, expected] of typed)
  test(`as a type, ${JSON.stringify(schema)} is ${expected}`, t => {
    const task = { name: 'a', spec: { inputSchema: schema as never }, broken: false }
    const text = declarations({ tasks: new Map([['a', task]]), workflows: new Map() })
    t.is(/a: \{ input: (.*); output: unknown \}\n {2}\}/.exec(text)?.[1], expected, text)
  })
