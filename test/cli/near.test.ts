import test from 'ava'
import { devForAll, project, tqHere } from './support.ts'

const dir = project({
  'manifests/all.yaml':
    'apiVersion: tq/v1\nkind: Chain\nmetadata: { name: greet }\nspec: { steps: [{ id: say, task: say }] }\n',
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
  ['rollback nosuch', 6, /there is no .*"nosuch" in namespace "default"; there are greet$/],
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
