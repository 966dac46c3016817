import test from 'ava'
import { compile, type ManifestDocument } from '../../engine/compile/index.ts'
import { compileText, handlers } from './support.ts'

const chain = `apiVersion: tq/v1\nkind: Chain\nmetadata: { name: greet }\nspec: { inputs: { name: {} }, steps: [{ task: noop }] }\n`
const hook = (name: string, spec: string): string =>
  `apiVersion: tq/v1\nkind: Hook\nmetadata: { name: ${name} }\nspec:\n  workflow: greet\n  with: { name: Ada }\n  ${spec}\n`
const signed = (path: string): string => `path: ${path}\n  verify: { scheme: github, secret: github/webhook }`

test('a hook that verifies nothing is one, with a warning that says so', t => {
  const { diagnostics, manifests } = compileText(`${chain}---\n${hook('open', 'path: /open\n  verify: none')}`)
  t.like(diagnostics, [{ code: 'UNVERIFIED_HOOK', severity: 'warning', line: 13, column: 11 }])
  t.is(manifests[1]!.trigger!.workflow, 'greet')
})

test('a path that an applied hook has is refused, unless that hook moves away in the same files', t => {
  const known: ManifestDocument[] = compileText(`${chain}---\n${hook('first', signed('/here'))}`).manifests.map(
    one => one.document,
  )
  const codes = (text: string) =>
    compile([{ file: 'hooks.yaml', text }], { handlers, known }).diagnostics.map(one => one.code)
  t.deepEqual(codes(hook('second', signed('/here'))), ['DUPLICATE_PATH'])
  t.deepEqual(codes(hook('first', signed('/here'))), [])
  t.deepEqual(codes(`${hook('first', signed('/there'))}---\n${hook('second', signed('/here'))}`), [])
})

test('what a hook sees is checked by its schema; without one anything may be there', t => {
  const codes = (spec: string) =>
    compileText(`${chain}---\n${hook('sees', `${signed('/sees')}\n  ${spec}`)}`).diagnostics.map(one => one.code)
  t.deepEqual(codes('when: "{{ eq trigger.body.any.thing \'x\' }}"'), [])
  t.deepEqual(codes('when: "{{ eq trigger.headers.x-github-event \'push\' }}"'), [])
  t.deepEqual(codes('idempotencyKey: "{{ trigger.query.id }}"'), [])
  t.deepEqual(codes('when: "{{ eq trigger.cookies \'x\' }}"'), ['UNKNOWN_REFERENCE'])
  t.deepEqual(codes('idempotencyKey: "{{ run.id }}"'), ['UNKNOWN_REFERENCE'])
})
