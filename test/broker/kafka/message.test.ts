import test from 'ava'
import { decode, encode, type Refusal, type Said } from '../../../engine/broker/kafka/message.ts'

const run = '01a2049a-689e-7e0b-a3d2-a3146f1e6ed6'
const jobs = [{ run, n: 7, attempt: 2 }]
const read = (text: string) => decode('default', Buffer.from(text))
const envelope = (fields: object) => JSON.stringify({ v: 1, ns: 'default', ...fields })

test('what was said is understood: jobs by name, a bump, a control message', t => {
  const all: Said[] = [
    { jobs },
    {},
    { control: { type: 'queues' } },
    { control: { type: 'cancel', run, jobs: [{ n: 1, session: 3 }] } },
  ]
  for (const said of all) t.deepEqual(read(encode('default', said)), said)
})

test('fields that are not known are passed over: a later tq may add some', t => {
  t.deepEqual(read(envelope({ jobs: [[run, 7, 2]], more: true })), { jobs })
})

test('a record without a value is empty, one of more than 64 KiB is not even read', t => {
  t.is(decode('default', null), 'empty')
  t.is(read(`"${'x'.repeat(65_536)}"`), 'oversized')
  t.is(decode('default', Buffer.alloc(2_000_000)), 'oversized')
})

const refused = test.macro<[string, Refusal]>({
  exec: (t, text, reason) => void t.is(read(text), reason),
  title: (_, text, reason) => `${reason}: ${JSON.stringify(text.slice(0, 80))}`,
})

test(refused, '', 'unparsable')
test(refused, '\u0000\u00ff{', 'unparsable')
test(refused, 'null', 'unparsable')
test(refused, '[]', 'unparsable')
test(refused, '{}', 'unparsable')
test(refused, '{"v":"1","ns":"default"}', 'unparsable')
test(refused, '{"v":99,"ns":"default","jobs":"of another shape"}', 'version')
test(refused, '{"v":1}', 'namespace')
test(refused, envelope({ ns: 'other', jobs: [[run, 7, 2]] }), 'namespace')
test(refused, envelope({ ns: ['default'] }), 'namespace')
test(refused, envelope({ jobs: {} }), 'unparsable')
test(refused, envelope({ jobs: [[run, 7]] }), 'unparsable')
test(refused, envelope({ jobs: [[run, -1, 0]] }), 'unparsable')
test(refused, envelope({ jobs: [[run, 1.5, 0]] }), 'unparsable')
test(refused, envelope({ jobs: [[run, 2 ** 31, 0]] }), 'unparsable')
test(refused, envelope({ jobs: [["'; drop table job", 1, 0]] }), 'unparsable')
test(refused, envelope({ jobs: [[run.toUpperCase(), 1, 0]] }), 'unparsable')
test(refused, envelope({ jobs: Array.from({ length: 1001 }, () => [run, 1, 0]) }), 'unparsable')
test(refused, envelope({ control: null }), 'unparsable')
test(refused, envelope({ control: { type: 'shutdown' } }), 'unparsable')
test(refused, envelope({ control: { type: 'cancel', run, jobs: [{ n: 'all' }] } }), 'unparsable')
