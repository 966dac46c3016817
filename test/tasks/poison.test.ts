import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { Result } from '../../engine/executor/index.ts'
import { testPool } from '../support/pool.ts'

const handlersDir = fileURLToPath(new URL('../../tasks', import.meta.url))

const expected: Record<string, string> = {
  exit: 'ChildCrashed',
  crash: 'ChildCrashed',
  hang: 'Timeout',
  'busy-loop': 'Timeout',
  circular: 'InvalidOutput',
  huge: 'OutputTooLarge',
  bigint: 'InvalidOutput',
  nul: 'InvalidOutput',
  rejection: 'UnhandledRejection',
  'throw-text': 'NonError',
}

test('every poison fails by its own name, and good work between them all succeeds', async t => {
  const { pool, work, resultOf } = await testPool(t, { handlersDir, children: 2 })
  const bad = Object.keys(expected).map(name =>
    work(`poison/${name}`, null, name === 'hang' || name === 'busy-loop' ? { timeoutMs: 300 } : {}),
  )
  const good = bad.map((_, i) => work('poison/good', i))
  pool.run(bad.flatMap((one, i) => [one, good[i]!]))

  for (const one of bad) {
    const result = (await resultOf(one.key)) as Result & { ok: false }
    t.is(result.error.name, expected[one.handler.replace('poison/', '')]!, one.handler)
  }
  for (const [i, one] of good.entries())
    t.like(await resultOf(one.key), { ok: true, output: JSON.stringify({ good: true, input: i }) })
})
