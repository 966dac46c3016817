import test from 'ava'
import { compile, type ManifestDocument } from '../../engine/compile/index.ts'
import { compileText, handlers, workflow } from './support.ts'

const task = (spec: string): string => `apiVersion: tq/v1\nkind: Task\nmetadata: { name: job }\nspec: ${spec}\n`
const known = (text: string): ManifestDocument => compileText(text).manifests.at(-1)!.document

test('a comment more is neither another document nor another plan', t => {
  const text = workflow('Chain', 'steps: [{ task: noop, with: "{{ run.id }}" }]')
  const [one] = compileText(text).manifests
  const [two] = compileText(`# about\n\n${text}`).manifests
  t.is(one!.hash, two!.hash)
  t.is(one!.planHash, two!.planHash)
})

test('the order of keys makes no other document and no other plan', t => {
  const [one] = compileText(
    workflow('Chain', 'steps: [{ task: noop, with: { a: "{{ run.id }}", b: { c: 1, d: 2 } } }]'),
  ).manifests
  const [two] = compileText(
    workflow('Chain', 'steps: [{ with: { b: { d: 2, c: 1 }, a: "{{ run.id }}" }, task: noop }]'),
  ).manifests
  t.is(one!.hash, two!.hash)
  t.is(one!.planHash, two!.planHash)
})

test('a workflow that uses a Task of the sources is compiled anew', t => {
  const uses = known(`${task('{ handler: noop }')}---\n${workflow('Chain', 'steps: [{ task: job }]')}`)
  const other = known(workflow('Chain', 'steps: [{ task: noop }]').replace('sample', 'other'))
  const { diagnostics, manifests } = compile([{ file: 'job.yaml', text: task('{ handler: sleep }') }], {
    handlers,
    known: [uses, other],
  })
  t.deepEqual(diagnostics, [])
  t.deepEqual(
    manifests.map(one => [one.name, one.recompiled]),
    [
      ['job', undefined],
      ['sample', true],
    ],
  )
  t.is(manifests[1]!.plan!.nodes[1]!.task!.handler, 'sleep')
  t.deepEqual(manifests[1]!.uses, ['task/job'])
})

test('a workflow that a changed Task breaks is reported by its name', t => {
  const before = task('{ handler: noop, outputSchema: { type: object, properties: { id: {} } } }')
  const uses = known(
    `${before}---\n${workflow('Chain', 'steps: [{ id: a, task: job }, { task: noop, with: "{{ steps.a.output.id }}" }]')}`,
  )
  const after = task('{ handler: noop, outputSchema: { type: object, properties: { key: {} } } }')
  const { diagnostics } = compile([{ file: 'job.yaml', text: after }], { handlers, known: [uses] })
  t.deepEqual(
    diagnostics.map(({ file, code }) => [file, code]),
    [['workflow/sample', 'UNKNOWN_REFERENCE']],
  )
})

test('without tasks/ at hand an unknown handler is a warning', t => {
  const { diagnostics, manifests } = compile([{ file: 'a.yaml', text: task('{ handler: far/away }') }], {
    handlers: null,
    known: [],
  })
  t.deepEqual(
    diagnostics.map(({ code, severity }) => [code, severity]),
    [['UNKNOWN_HANDLER', 'warning']],
  )
  t.truthy(manifests[0]!.plan)
})

test('names mean something inside of one namespace only', t => {
  const text = `${task('{ handler: noop }').replace('name: job', 'name: job, namespace: east')}---\n${workflow('Chain', 'steps: [{ task: job }]')}`
  t.deepEqual(
    compileText(text).diagnostics.map(one => one.code),
    ['UNKNOWN_TASK'],
  )
})

test('a Task and a workflow may share a name', t => {
  t.deepEqual(
    compileText(`${task('{ handler: noop }').replace('job', 'sample')}---\n${workflow('Chain', 'steps: []')}`)
      .diagnostics,
    [],
  )
})

test('a document carries its place and its own text', t => {
  const text = `# first\n${task('{ handler: noop }')}---\n${workflow('Chain', 'steps: []')}`
  const { manifests } = compileText(text)
  t.deepEqual(
    manifests.map(one => [one.kind, one.line]),
    [
      ['Task', 2],
      ['Chain', 7],
    ],
  )
  t.true(manifests[1]!.source.startsWith('apiVersion: tq/v1\nkind: Chain'))
})
