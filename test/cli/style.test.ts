import test from 'ava'
import { commands } from '../../cli/commands/index.ts'
import { styled } from '../../cli/style.ts'
import { cut, widthOf } from '../../cli/width.ts'
import { onTerminal, terminal } from '../support/terminal.ts'
import { devForAll, project, tq, tqHere } from './support.ts'

const chain = (name: string, task: string) =>
  `apiVersion: tq/v1\nkind: Chain\nmetadata: { name: ${name} }\nspec: { steps: [{ id: one, task: ${task} }, { id: two, task: say }] }\n`
const dir = project({
  'manifests/all.yaml': `${chain('greet', 'say')}---\n${chain('breaks', 'breaks')}`,
  'tasks/say.ts': "export default () => { console.log('\\u001b[31mred'); return '\\u001b[5A' }\n",
  'tasks/breaks.ts': "export default () => { throw new RangeError('\\u001b[31mred') }\n",
})
devForAll(test, dir)

/** What commands need to be of use; those that are missing go on until somebody ends them, and have tests of their own. */
const words: { [command: string]: string[][] } = {
  get: ['runs', 'workflows', 'tasks', 'queues', 'schedules', 'hooks', 'workers', 'jobs'].map(what => [what]),
  describe: [['@latest'], ['workflow', 'greet']],
  run: [
    ['breaks', '--watch'],
    ['greet', '--wait'],
  ],
  schedule: [['next', '--cron', '0 2 * * *', '--timezone', 'UTC']],
  hook: [['rejections']],
  inspect: [['active'], ['stats']],
  control: [['log-level', 'info']],
  init: [['made', '--no-install']], // not into this folder, where `tq dev` would apply it
  completion: [['bash'], ['zsh'], ['fish']],
  db: [['status']],
  explain: [[], ['UNKNOWN_TASK']],
  ...Object.fromEntries(['history', 'rollback', 'export', 'plan'].map(name => [name, [['greet']]])),
  ...Object.fromEntries(
    ['watch', 'wait', 'why', 'logs', 'events', 'cancel', 'graph'].map(name => [name, [['@latest']]]),
  ),
}
const endless = ['dev', 'worker', 'server', 'beat', 'complete']

for (const name of commands.map(({ usage }) => usage.split(' ')[0]!).filter(one => !endless.includes(one)))
  test(`off a terminal tq ${name} prints no escape sequence, not for its help and its errors either, whatever handlers wrote`, async t => {
    const calls = [...(words[name] ?? [[]]), ['--help'], ['--no-such-flag'], ['nothing-of-the-kind', 'at-all']]
    for (const args of calls) {
      const { stdout, stderr } = await tq(dir, [name, ...args])
      t.false(`${stdout}${stderr}`.includes('\u001b'), `tq ${name} ${args.join(' ')}`)
    }
  })

test('colours: --color before and behind the command', async t => {
  const failing = ['get', 'nonsense']
  t.true((await tq(dir, [...failing, '--color', 'always'])).stderr.includes('\u001b[31m'))
  t.true((await tq(dir, ['--color', 'always', ...failing])).stderr.includes('\u001b[31m'))
  t.is((await tqHere(dir, [...failing, '--color', 'sometimes'])).exitCode, 2)
})

onTerminal('on a terminal there are colours, but for NO_COLOR, --color never and TERM=dumb', async t => {
  const error = 'get nonsense'
  t.true((await terminal(dir, error).ended).text.includes('\u001b[31m'))
  t.false((await terminal(dir, `${error} --color never`).ended).text.includes('\u001b'))
  t.false((await terminal(dir, error, { env: { NO_COLOR: '1' } }).ended).text.includes('\u001b'))
  t.false((await terminal(dir, error, { env: { TERM: 'dumb' } }).ended).text.includes('\u001b'))
})

onTerminal(
  'with --ascii, and where the locale is C, there is no sign beyond ASCII, and columns stay where they are',
  async t => {
    for (const [command, env] of [
      ['run greet --watch --ascii', {}],
      ['run greet --watch', { LANG: 'C', LC_ALL: 'C' }],
    ] as const) {
      const { screen, text } = await terminal(dir, command, { env }).ended
      t.notRegex(text, /[\u0080-\uffff]/)
      t.regex(screen.lines()[0]!, /^\+ greet {2}succeeded/, screen.lines().join('\n'))
      t.regex(screen.lines()[1]!, /^\|- \+ one/, screen.lines().join('\n'))
    }
  },
)

test('where people do not look the locale changes nothing', t => {
  const said: string[] = []
  const io = styled({ env: { LC_ALL: 'C' }, out: (text: string) => void said.push(text), err: () => {} } as never, {})
  io.out('{"sign":"✓"}')
  t.deepEqual(said, ['{"sign":"✓"}'])
})

test('a line is cut so that it does not fill the terminal; colours take no room, wide letters two columns', t => {
  const cases: [string, number, string][] = [
    ['abc', 4, 'abc'],
    ['abcd', 4, 'ab…'],
    ['\u001b[31mabcdef\u001b[39m', 4, '\u001b[31mab…\u001b[39m'],
    ['漢字かな', 6, '漢字…'],
    ['漢字かな', 5, '漢…'],
  ]
  for (const [line, columns, expected] of cases) {
    t.is(cut(line, columns), expected, line)
    t.true(widthOf(cut(line, columns)) < columns)
  }
})
