import test from 'ava'
import { differences } from '../../engine/compile/index.ts'
import type { Json } from '../../engine/model/json.ts'

const differ = test.macro((t, from: Json, to: Json, expected: string[]) =>
  t.deepEqual(
    differences(from, to).map(({ path, from: before, to: after, order }) =>
      [order ? 'order' : before === undefined ? '+' : after === undefined ? '-' : '~', path, before, after]
        .filter(part => part !== undefined)
        .map(part => (typeof part === 'string' ? part : JSON.stringify(part)))
        .join(' '),
    ),
    expected,
  ),
)

test(
  'what is alike has no differences, whatever the order of keys',
  differ,
  { a: 1, b: [1, { c: null }] },
  { b: [1, { c: null }], a: 1 },
  [],
)
test(
  'a field that changed, one that is new and one that is gone',
  differ,
  { a: 1, b: { c: 'x', d: 2 } },
  { a: 1, b: { c: 'y', e: 3 } },
  ['~ b.c x y', '+ b.e 3', '- b.d 2'],
)
const steps = (...ids: string[]) => ({ steps: ids.map(id => ({ id, task: 't' })) })
test('a step is new or gone by its id', differ, steps('a', 'b', 'c'), steps('a', 'new', 'c'), [
  '+ steps[new] {"id":"new","task":"t"}',
  '- steps[b] {"id":"b","task":"t"}',
])
test('a step that is put in front changes no other', differ, steps('a', 'b'), steps('first', 'a', 'b'), [
  '+ steps[first] {"id":"first","task":"t"}',
])
test('another order is told once', differ, steps('a', 'b', 'c'), steps('c', 'a', 'b'), [
  'order steps ["a","b","c"] ["c","a","b"]',
])
test('members without ids are the same where they are alike', differ, { l: [1, 2, 3] }, { l: [0, 1, 2, 3] }, [
  '+ l[0] 0',
])
test(
  'one without an id that changed is told by its position',
  differ,
  { l: [{ a: 1 }, { a: 2 }] },
  { l: [{ a: 1 }, { a: 3 }] },
  ['~ l[1].a 2 3'],
)
test('equal members twice are as many as they are', differ, { l: [1, 1] }, { l: [1, 1, 1] }, ['+ l[2] 1'])
test('another type is a change of the whole', differ, { a: [1] }, { a: { b: 1 } }, ['~ a [1] {"b":1}'])
