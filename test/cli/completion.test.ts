import { execa } from 'execa'
import { delimiter, dirname, join } from 'node:path'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import test from 'ava'
import { commands } from '../../cli/commands/index.ts'
import { questions } from '../../cli/commands/table/flags.ts'
import { until } from '../support/engine.ts'
import { devForAll, project, root, tq, tqHere } from './support.ts'

const chain = (name: string) =>
  `apiVersion: tq/v1\nkind: Chain\nmetadata: { name: ${name} }\nspec:\n  steps: [{ task: say, with: {} }]\n`
const dir = project({
  'manifests/all.yaml': `${chain('report')}---\n${chain('repair')}---\napiVersion: tq/v1\nkind: Queue\nmetadata: { name: rest }\nspec: {}\n---\n${chain('asks').replace('spec:', 'spec:\n  inputs: { month: {}, name: {} }')}---\napiVersion: tq/v1\nkind: Task\nmetadata: { name: mail }\nspec: { handler: say, inputSchema: { type: object, properties: { to: {} } } }\n`,
  'tasks/say.ts': 'export default () => 1\n',
})
devForAll(test, dir)

const found = async (...words: string[]): Promise<string[]> => {
  const { stdout, exitCode } = await tqHere(dir, ['complete', '--', ...words])
  return exitCode === 0 ? stdout.split('\n').filter(Boolean) : [`exit ${exitCode}`]
}

test('commands, flags, their values, and words to choose from', async t => {
  t.deepEqual(await found('val'), ['validate'])
  t.true((await found('')).includes('run'))
  t.false((await found('')).includes('complete'))
  t.deepEqual(await found('run', '--wa'), ['--watch', '--wait'])
  t.deepEqual(await found('graph', 'report', '-o', 's'), ['svg'])
  t.deepEqual(await found('get', 'w'), ['workflows', 'workers'])
  t.deepEqual(await found('inspect', ''), [...questions])
  t.deepEqual(await found('help', 'exit'), ['exit-codes'])
  t.deepEqual(await found('nonsense', ''), [])
  t.deepEqual(await found('apply', '-f', ''), [])
})

test('values of flags: one of some words, of every command too, and by what stands before', async t => {
  t.deepEqual(await found('get', 'runs', '--state', 'c'), ['cancelling', 'cancelled'])
  t.deepEqual(await found('get', 'jobs', '--state', 's'), ['scheduled', 'succeeded', 'skipped'])
  t.deepEqual(await found('get', 'queues', '--state', ''), [])
  t.deepEqual(await found('run', 'report', '--color', ''), ['auto', 'always', 'never'])
  t.deepEqual(await found('run', 'report', '--col'), ['--color'])
  t.deepEqual(await found('control', 'log-level', ''), ['debug', 'info', 'warn', 'error'])
  t.deepEqual(await found('control', 'events', ''), ['on', 'off'])
  t.deepEqual(await found('control', 'drain', ''), [])
})

/** The same where a database is asked, which has only so long: on a loaded machine it may take more than one try. */
const named = (...words: string[]): Promise<string[]> =>
  until(async () => {
    const names = await found(...words)
    return names.length > 0 ? names : null
  })

test('names of what is applied, runs, and one after the other', async t => {
  t.deepEqual(await named('run', 'rep'), ['repair', 'report'])
  t.deepEqual(await named('run', '-i', 'a=1', 'repo'), ['report'])
  t.deepEqual(await named('history', 're'), ['rest', 'repair', 'report'])
  t.deepEqual(await named('history', 'queue/'), ['queue/rest'])
  t.deepEqual(await named('delete', 'report', 'repa'), ['repair'])
  const { stdout: id } = await tq(dir, ['run', 'report', '--wait', '-o', 'name'])
  t.true((await named('wait', '')).includes(id.slice(-8)))
  t.true((await named('wait', id.slice(-8), '@')).includes('@latest'))
})

test('values of flags that a database knows: workflows, queues, and the inputs of what is to be run', async t => {
  t.deepEqual(await named('get', 'runs', '--workflow', 'rep'), ['repair', 'report'])
  t.deepEqual(await named('get', 'jobs', '--queue', 'r'), ['rest'])
  t.deepEqual(await named('worker', '-Q', 'rest,'), ['rest,default'])
  t.deepEqual(await named('control', 'rate-limit', 'r'), ['rest'])
  t.deepEqual(await named('describe', 'queue', 'r'), ['rest'])
  t.deepEqual(await named('run', 'asks', '-i', ''), ['month=', 'name='])
  t.deepEqual(await named('run', 'asks', '-i', 'month=may', '--input', ''), ['name='])
  t.deepEqual(await named('run', 'task/mail', '-i', ''), ['to='])
})

test('without a database there are no names, soon, and no error', async t => {
  const nowhere = await tqHere(dir, ['complete', '--', 'run', ''], {
    TQ_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  })
  t.is(nowhere.exitCode, 0)
  t.is(nowhere.stdout, '')
})

test('questions are those that inspect knows', async t => {
  const { stderr } = await tqHere(dir, ['inspect'])
  t.is(stderr, `error: say what to inspect: ${questions.join(', ')}`)
})

test('every list of words has those that its command knows', async t => {
  const { stderr } = await tqHere(dir, ['control'])
  const orders = commands.find(({ usage }) => usage.startsWith('control'))!.words![0] as readonly string[]
  t.deepEqual(stderr.replace('error: say what to tell workers: ', '').split(', ').sort(), orders.toSorted())
})

/** A folder with a `tq` in it, as if it were installed. */
const bin = mkdtempSync(join(tmpdir(), 'tq-bin-'))
writeFileSync(join(bin, 'tq'), `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'cli/tq.js')}" "$@"\n`)
chmodSync(join(bin, 'tq'), 0o755)
const env = { PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter) }

const shells: [string, string[]][] = [
  [
    'bash',
    [
      '--norc',
      '-c',
      'source <(tq completion bash); COMP_WORDS=(tq run rep); COMP_CWORD=2; _tq; printf "%s\\n" "${COMPREPLY[@]}"',
    ],
  ],
  ['fish', ['--no-config', '-c', 'tq completion fish | source; complete -C "tq run rep"']],
  [
    'zsh',
    [
      '-f',
      '-c',
      'compdef() { :; }; compadd() { shift; print -l -- "$@" }; source <(tq completion zsh); words=(tq run rep); CURRENT=3; _tq',
    ],
  ],
]
for (const [shell, args] of shells)
  test(`in ${shell}`, async t => {
    const { failed, exitCode } = await execa(shell, ['-c', 'true'], { reject: false })
    if (failed && exitCode === undefined) {
      t.log(`SKIPPED: there is no ${shell} here`)
      t.pass()
      return
    }
    const names = await until(async () => {
      const { stdout } = await execa(shell, args, { cwd: dir, env })
      return stdout === '' ? null : stdout.split('\n').map(line => line.split('\t')[0])
    })
    t.deepEqual(names.sort(), ['repair', 'report'])
  })
