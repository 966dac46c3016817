import test from 'ava'
import { execa } from 'execa'
import { commands, nameOf } from '../../cli/commands/index.ts'
import { otherWords } from '../../cli/otherWords.ts'
import { devForAll, entry, environment, project, tqHere } from './support.ts'

const dir = project({
  'manifests/all.yaml':
    'apiVersion: tq/v1\nkind: Chain\nmetadata: { name: greet }\nspec: { steps: [{ id: say, task: say }] }\n',
  'manifests/takes.yaml':
    'apiVersion: tq/v1\nkind: Chain\nmetadata: { name: takes }\nspec:\n  inputs: { text: { type: string }, n: { type: string }, list: { type: array } }\n  steps: [{ id: say, task: say }]\n',
  'tasks/say.ts': 'export default () => 1\n',
})
devForAll(test, dir)

const cases: [string, number, RegExp][] = [
  ['describe workflw greet', 2, /"workflw" is nothing to describe; did you mean "workflow"\?$/],
  ['describe workflw/greet', 2, /"workflw" is nothing to describe; did you mean "workflow"\?$/],
  ['describe nonsense greet', 2, /"nonsense" is nothing to describe; there are run, workflow, .*, worker$/],
  ['describe workflow', 2, /write tq describe workflow NAME$/],
  ['describe workflow gret', 6, /did you mean "greet"\?$/],
  ['get runs @lates', 6, /"@lates" stands for no run; did you mean "@latest"\?$/],
  ['get jobs @faild', 6, /did you mean "@failed"\?$/],
  ['watch @nonsense', 6, /"@nonsense" stands for no run; there are @latest, @failed$/],
  ['graph @lates', 6, /did you mean "@latest"\?$/],
  ['help exitcodes', 2, /unknown command 'exitcodes'\n\(Did you mean exit-codes\?\)$/],
  ['help rnu', 2, /unknown command 'rnu'\n\(Did you mean run\?\)$/],
  ['help nonsense', 2, /unknown command 'nonsense'$/],
  ['rollback gret', 6, /did you mean "greet"\?$/],
  ['rollback nosuch', 6, /there is no .*"nosuch" in namespace "default"; there are greet, takes$/],
  ['rollback workflw/greet', 2, /"workflw" is no kind; did you mean "workflow"\?$/],
  ['run workflw/greet', 2, /"workflw" is nothing to run; did you mean "workflow"\?$/],
  ['run queue/greet', 2, /"queue" is nothing to run; there are workflow, task$/],
  ['control drian', 2, /did you mean "drain"\?$/],
  ['control log-level debgu', 2, /did you mean "debug"\?$/],
  ['control events onn', 2, /did you mean "on"\?$/],
  ['inspect piing', 2, /did you mean "ping"\?$/],
  ['schedule nxt', 2, /did you mean "next"\?$/],
  ['schedule next nosuch', 6, /there is no schedule "nosuch" in namespace "default"; no schedule is applied yet$/],
  ['hook sing', 2, /did you mean "sign"\?$/],
  ['db migrat', 2, /did you mean "migrate"\?$/],
  ['db nonsense', 2, /there are migrate, status$/],
  ['completion bsh', 2, /did you mean "bash"\?$/],
]
for (const [line, exit, words] of cases)
  test(`tq ${line} says what is near, or what there is`, async t => {
    const { exitCode, stderr } = await tqHere(dir, line.split(' '))
    t.is(exitCode, exit)
    t.regex(stderr, words)
  })

test('a word of another tool is answered with what it is here, and with no other guess', async t => {
  for (const word of Object.keys(otherWords)) {
    const { exitCode, stderr } = await tqHere(dir, [word, '--of', 'its-own'])
    t.is(exitCode, 2)
    t.regex(stderr, new RegExp(`^error: unknown command '${word}'\nIn tq:\n  tq `), word)
    const { stderr: helped } = await tqHere(dir, ['help', word])
    t.is(helped, stderr, word)
  }
})

test('what stands for other words are commands that there are, with their flags and actions', t => {
  for (const [word, ours] of Object.entries(otherWords)) {
    t.false(
      commands.some(spec => nameOf(spec) === word),
      word,
    )
    for (const [, name, ...rest] of ours.flatMap(([line]) => line.split(/ \| (?=tq )/).map(part => part.split(' ')))) {
      const spec = commands.find(one => nameOf(one) === name)
      t.truthy(spec, `${word}: ${name}`)
      for (const flag of rest.filter(part => /^--?[a-z]/.test(part)))
        t.true(
          spec?.options.some(([flags]) => flags.split(/, | /).includes(flag)),
          `${name} ${flag}`,
        )
      const choices = spec?.words?.[0]
      if (Array.isArray(choices)) t.true(choices.includes(rest[0]), `${name} ${rest[0]}`)
    }
  }
})

test('tq retry of a run there is says the line that starts it again, which does', async t => {
  const input = { text: "it's", n: '3', list: [1, { a: 'b' }] }
  const given = Object.entries(input).flatMap(([name, value]) => ['-i', `${name}=${JSON.stringify(value)}`])
  const { stdout: id } = await tqHere(dir, ['run', 'takes', ...given, '-o', 'name'])
  const { stderr } = await tqHere(dir, ['retry', `${id.slice(-8)}/say`])
  const line = / {2}(tq run takes .*) {3}starts it again/.exec(stderr)![1]!
  const { stdout } = await execa('bash', ['-c', `tq() { "${process.execPath}" "${entry}" "$@"; }; ${line} -o name`], {
    cwd: dir,
    env: environment(),
    extendEnv: false,
  })
  t.not(stdout, id)
  const described = await tqHere(dir, ['describe', 'run', stdout, '-o', 'json'])
  t.deepEqual((JSON.parse(described.stdout) as { input: object }).input, input)
  t.regex((await tqHere(dir, ['retry', 'zzzzzzzz'])).stderr, /tq describe run RUN -o json \| jq \.input/)
})
