import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { readConfig } from '../../engine/runtime/config.ts'

const dir = mkdtempSync(join(tmpdir(), 'tq-config-'))
const read = (env: NodeJS.ProcessEnv) => readConfig(dir, {}, env)
const brokers = 'a:9092'

for (const [what, env, says] of [
  ['brokers that are none', { TQ_KAFKA_BROKERS: ' , ' }, /TQ_KAFKA_BROKERS is " , ", which names no broker/],
  ['a broker without a port', { TQ_KAFKA_BROKERS: 'a:9092,b' }, /TQ_KAFKA_BROKERS has "b"; it must be host:port/],
  ['a port that is none', { TQ_KAFKA_BROKERS: 'a:99999' }, /has "a:99999"/],
  ['a user in a broker', { TQ_KAFKA_BROKERS: 'me@a:9092' }, /has "me@a:9092"/],
  ['a prefix with a space', { TQ_KAFKA_BROKERS: brokers, TQ_KAFKA_TOPIC_PREFIX: 'my tq' }, /TQ_KAFKA_TOPIC_PREFIX/],
  ['a password without a mechanism', { TQ_KAFKA_BROKERS: brokers, TQ_KAFKA_SASL_PASSWORD: 'x' }, /MECHANISM is not/],
  ['a mechanism unknown', { TQ_KAFKA_BROKERS: brokers, TQ_KAFKA_SASL_MECHANISM: 'gssapi' }, /one of plain, scram/],
  [
    'a mechanism without a user',
    { TQ_KAFKA_BROKERS: brokers, TQ_KAFKA_SASL_MECHANISM: 'plain' },
    /needs TQ_KAFKA_SASL_/,
  ],
  ['a certificate that is not there', { TQ_KAFKA_BROKERS: brokers, TQ_KAFKA_SSL_CA_FILE: '/no/ca' }, /cannot be read/],
  [
    'certificates where TLS is off',
    { TQ_KAFKA_BROKERS: brokers, TQ_KAFKA_SSL: 'off', TQ_KAFKA_SSL_CA_FILE: import.meta.filename },
    /TQ_KAFKA_SSL is off, but/,
  ],
  ['a count that is none', { TQ_CONCURRENCY: 'many' }, /TQ_CONCURRENCY is "many"; it must be a number from 1/],
  ['a duration without a unit', { TQ_LEASE: '10' }, /TQ_LEASE is "10"; it must be a duration such as/],
  ['a schema with a quote', { TQ_DATABASE_SCHEMA: 'a"b' }, /TQ_DATABASE_SCHEMA is "a"b"/],
] as const)
  test(`refused, and said why: ${what}`, async t => {
    await t.throwsAsync(read(env), { code: 'INVALID_CONFIG', message: says })
  })

test('a variable that is set to nothing is not set', async t => {
  t.is((await read({ TQ_KAFKA_BROKERS: '' })).kafka, null)
  t.is((await read({ TQ_LEASE: '' })).leaseMs, 10_000)
})

test('a password comes from a file, without the line break at its end', async t => {
  const file = join(dir, 'password')
  writeFileSync(file, 'geheim\n')
  const { kafka } = await read({
    TQ_KAFKA_BROKERS: 'a:9092, [::1]:9093',
    TQ_KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256',
    TQ_KAFKA_SASL_USERNAME: 'tq',
    TQ_KAFKA_SASL_PASSWORD_FILE: file,
  })
  t.deepEqual(kafka?.brokers, ['a:9092', '[::1]:9093'])
  t.deepEqual(kafka?.sasl, { mechanism: 'scram-sha-256', username: 'tq', password: 'geheim' })
})
