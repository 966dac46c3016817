import test from 'ava'
import { grouped } from '../../engine/runtime/hook/group.ts'

test('what is asked for while an answer is under way is asked for at once, in groups of a bounded size', async t => {
  const groups: number[][] = []
  const gates: (() => void)[] = []
  const ask = grouped<number, number>(
    async group => {
      groups.push(group)
      await new Promise<void>(resolve => gates.push(resolve))
      return group.map(n => n * 10)
    },
    { most: 3 },
  )
  const answers = Promise.all([1, 2, 3, 4, 5].map(ask))
  t.deepEqual(groups, [[1]])
  while (groups.flat().length < 5) {
    gates.shift()?.()
    await new Promise(setImmediate)
  }
  gates.shift()?.()
  t.deepEqual(await answers, [10, 20, 30, 40, 50])
  t.deepEqual(groups, [[1], [2, 3, 4], [5]])
})

test('if the asking fails, those of the group fail and the next group does not', async t => {
  let times = 0
  const ask = grouped<number, number>(
    async group => {
      if (times++ === 0) throw new Error('away')
      return group
    },
    { most: 10 },
  )
  const [first, second] = await Promise.allSettled([ask(1), ask(2)])
  t.is(first.status, 'rejected')
  t.deepEqual(second, { status: 'fulfilled', value: 2 })
  t.is(await ask(3), 3)
})
