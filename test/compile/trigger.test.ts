import test from 'ava'
import { compile, type ManifestDocument } from '../../engine/compile/index.ts'
import { inputOfTrigger } from '../../engine/runtime/trigger.ts'
import { compileText, handlers, workflow } from './support.ts'

const report = (inputs: string): string =>
  `apiVersion: tq/v1\nkind: Chain\nmetadata: { name: report }\nspec:\n  inputs: ${inputs}\n  steps: [{ task: noop }]\n`
const hourly = (more: string): string =>
  `apiVersion: tq/v1\nkind: Schedule\nmetadata: { name: hourly }\nspec:\n  every: 1h\n  workflow: report\n  ${more}\n`
const known = (text: string): ManifestDocument[] => compileText(text).manifests.map(one => one.document)

const day = '{ day: { type: string } }'
const passes = `with: { day: "{{ trigger.time }}" }`

test('a trigger is compiled to what it starts and what it passes', t => {
  const { diagnostics, manifests } = compileText(`${report(day)}---\n${hourly(passes)}`)
  t.deepEqual(diagnostics, [])
  const { trigger, uses, planHash } = manifests[1]!
  t.is(trigger!.workflow, 'report')
  t.deepEqual(uses, ['workflow/report'])
  t.truthy(planHash)
  t.deepEqual(inputOfTrigger(trigger!, { day: { type: 'string' } }, { time: 'now' }), { value: { day: 'now' } })
})

test('a comment more is no other trigger', t => {
  const of = (text: string) => compileText(`${report(day)}---\n${text}`).manifests[1]!.planHash
  t.is(of(hourly(passes)), of(`# every hour\n\n${hourly(passes)}`))
})

test('what its expressions cannot give when it fires, and an input that the workflow refuses, are data', t => {
  const { trigger } = compileText(`${report(day)}---\n${hourly(passes)}`).manifests[1]!
  t.like(inputOfTrigger(trigger!, { day: { type: 'string' } }, {}), { problem: { name: 'ExpressionError' } })
  t.like(inputOfTrigger(trigger!, { day: { type: 'integer' } }, { time: 'now' }), {
    problem: { name: 'InvalidInput', message: 'the input of report is wrong: input "day" must be integer' },
  })
})

test('a workflow whose inputs change so that an applied trigger fits no more is refused', t => {
  const before = known(`${report(day)}---\n${hourly(passes)}`)
  const sources = [{ file: 'report.yaml', text: report('{ day: { type: string }, month: { type: string } }') }]
  const { diagnostics } = compile(sources, { handlers, known: before })
  t.deepEqual(
    diagnostics.map(({ file, code, message }) => [file, code, message]),
    [['schedule/hourly', 'MISSING_FIELD', 'the input lacks "month"']],
  )
})

test('a workflow that changes otherwise compiles its triggers anew, to the same', t => {
  const text = `${report(day)}---\n${hourly(passes)}`
  const before = compileText(text).manifests[1]!
  const sources = [{ file: 'report.yaml', text: report('{ day: { type: string }, more: { default: 1 } }') }]
  const { diagnostics, manifests } = compile(sources, { handlers, known: known(text) })
  t.deepEqual(diagnostics, [])
  t.deepEqual(
    manifests.map(one => [one.name, one.recompiled, one.planHash === before.planHash]),
    [
      ['report', undefined, false],
      ['hourly', true, true],
    ],
  )
})

test('a trigger of a workflow whose schema is none is compiled with that one mistake', t => {
  const { diagnostics } = compileText(
    `${workflow('Chain', 'inputs: { name: { type: sting } }\nsteps: [{ task: noop }]')}---
apiVersion: tq/v1
kind: Hook
metadata: { name: greet }
spec: { path: /greet, verify: { scheme: github, secret: github/webhook }, workflow: sample, with: { name: Ada } }
`,
  )
  t.deepEqual(
    diagnostics.map(one => one.code),
    ['INVALID_SCHEMA'],
  )
})
