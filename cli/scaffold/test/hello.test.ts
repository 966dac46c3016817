import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createTestEngine } from 'tqflow/testing'

// The real engine on a Postgres of its own, with what is in manifests/ and tasks/. Time that a run waits for is skipped.
const engine = await createTestEngine()
after(() => engine.stop())

test('hello greets by name', async () => {
  const run = await engine.run('hello', { name: 'Ada' })
  assert.equal(run.state, 'succeeded', JSON.stringify(run.error))
  assert.equal(run.output, 'Hello, Ada!')
})

test('without a name it greets the world, at the first attempt', async () => {
  const run = await engine.run('hello')
  assert.equal(run.output, 'Hello, world!')
  assert.equal(run.job('greet').attempt, 1)
})
