import test from 'ava'
import { idleMs } from '../../engine/store/clock.ts'
import { testEngine } from '../support/engine.ts'

test('a clock that leaps waits for what is only to be decided: a run that is cancelled does not run out of time meanwhile', async t => {
  const engine = await testEngine({ idle: true })
  t.teardown(engine.stop)
  await engine.applyYaml(
    'apiVersion: tq/v1\nkind: Chain\nmetadata: { name: waits }\nspec: { deadline: 1d, steps: [{ task: echo }] }\n',
  )
  const id = await engine.start('waits')
  t.is(await idleMs(engine.sql), null, 'it waits for a worker')
  await engine.cancel(id)
  t.is(await idleMs(engine.sql), null, 'its end is to be decided')
})
