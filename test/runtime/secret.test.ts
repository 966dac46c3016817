import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { readConfig } from '../../engine/client.ts'
import { variableOf } from '../../engine/model/secret.ts'
import { openSecrets } from '../../engine/runtime/secret.ts'
import { project } from '../cli/support.ts'
import { until } from '../support/engine.ts'

test('a secret is the variable of its name, else the file, in a folder of its own or flat', async t => {
  const dir = project({ 'github/webhook': 'nested\n', 'slack.webhook': 'flat', 'stripe/webhook': 'file', empty: '\n' })
  const secrets = openSecrets({ env: { TQ_SECRET_STRIPE__WEBHOOK: 'variable' }, dir })
  t.is(await secrets.read('stripe/webhook'), 'variable')
  t.is(await secrets.read('github/webhook'), 'nested')
  t.is(await secrets.read('slack/webhook'), 'flat')
  t.is(await secrets.read('empty'), null)
  t.is(await secrets.read('not-there'), null)
})

test('no name leads out of the folder', async t => {
  const dir = project({ outside: 'no' })
  mkdirSync(join(dir, 'secrets'))
  const secrets = openSecrets({ env: {}, dir: join(dir, 'secrets') })
  for (const name of ['../outside', '/etc/hostname', 'a/../../outside', './outside', '..', ''])
    t.is(await secrets.read(name), null, name)
})

test('names that differ have variables that differ', t => {
  const names = ['a-b/c', 'a/b-c', 'a/b/c', 'a-b-c', 'abc']
  t.is(new Set(names.map(variableOf)).size, names.length)
})

test('a file that changes is read again', async t => {
  const dir = project({ rotated: 'one' })
  const first = openSecrets({ env: {}, dir })
  t.is(await first.read('rotated'), 'one')
  writeFileSync(join(dir, 'rotated'), 'two')
  t.truthy(await until(async () => (await first.read('rotated')) === 'two'))
})

test('the configuration has the secrets of the environment, where they are looked for, and where it serves', async t => {
  const dir = project()
  const config = await readConfig(dir, {}, { TQ_SECRET_A: 'x', OTHER: 'y', TQ_PORT: '0', TQ_MAX_BODY_BYTES: '10' })
  t.deepEqual(config.secrets, { env: { TQ_SECRET_A: 'x' }, dir: join(dir, '.tq/secrets') })
  t.like(config, { port: 0, host: '127.0.0.1', maxBodyBytes: 10, serverUrl: null })
  for (const [variable, value] of [
    ['TQ_PORT', '65536'],
    ['TQ_PORT', 'x'],
    ['TQ_MAX_BODY_BYTES', '1mb'],
  ] as const)
    await t.throwsAsync(readConfig(dir, {}, { [variable]: value }), { message: new RegExp(variable) })
})
