import test from 'ava'
import { parseBody } from '../../engine/http/body.ts'

const json = (text: string) => parseBody(Buffer.from(text), 'application/json')

test('a body nested as deep as it may be is read, a level deeper is not, and brackets in texts do not count', t => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  t.notThrows(() => json(nested(64)))
  t.throws(() => json(nested(65)), { message: /deeper than 64/ })
  t.is(json(JSON.stringify(nested(100))), nested(100))
  t.is(json('"\\"[[\\\\"'), '"[[\\')
})

test('whatever a megabyte of text is, it is read or refused in a moment', t => {
  for (const text of ['"\\'.repeat(500_000), '"'.repeat(999_999), '['.repeat(1_000_000), `"${'\\"'.repeat(500_000)}`]) {
    const asked = performance.now()
    t.throws(() => json(text), { message: /not JSON|nested/ })
    t.true(performance.now() - asked < 1000, text.slice(0, 10))
  }
})

test('a form of a hundred thousand fields is read in a moment', t => {
  const form = Array.from({ length: 100_000 }, (_, i) => `f${i}=`).join('&')
  const asked = performance.now()
  const read = parseBody(Buffer.from(form), 'application/x-www-form-urlencoded') as object
  t.is(Object.keys(read).length, 100_000)
  t.true(performance.now() - asked < 1000)
})

test('an empty body is null, whatever it is called', t => {
  t.is(parseBody(Buffer.alloc(0), undefined), null)
  t.is(parseBody(Buffer.alloc(0), 'text/xml'), null)
  t.throws(() => parseBody(Buffer.from('x'), undefined), { message: /without a content type/ })
})
