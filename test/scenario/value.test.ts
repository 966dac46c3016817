import test from 'ava'
import { testEngine } from '../support/engine.ts'

const engine = await testEngine()
test.after.always(() => engine.stop())

test('a chain hands each output to the next step', async t => {
  const run = await engine.try('Chain', `
    inputs: { x: { type: integer } }
    steps:
      - { id: first, task: echo }
      - { id: second, task: context }
  `, { x: 1 })
  t.is(run.state, 'succeeded')
  t.like(run.output, { input: { x: 1 }, attempt: 1, job: 'second', task: 'context' })
})
