import type { CommandSpec } from '../../command.ts'
import { inputs, output, recursive, values } from './flags.ts'

/** A project of one's own. */
export const project: CommandSpec[] = [
  {
    usage: 'init [dir]',
    summary: 'a new project: a task, a workflow, a test, and the types of them',
    options: [['--no-install', 'leaves npm install to you']],
    examples: ['tq init my-workflows', 'tq init --no-install'],
    load: () => import('../init.ts'),
  },
  {
    usage: 'dev [dir]',
    summary:
      'everything in one process: embedded Postgres, worker, timers, hooks; applies manifests and again when they change',
    options: [
      [
        '--run <workflow>',
        'runs this once everything is up, and ends with it where nobody is at the terminal',
        undefined,
        'startable',
      ],
      recursive,
      ['--fresh', 'begins with an empty database'],
      ['--kafka', 'with a Kafka of its own, which needs Java'],
      ['-c, --concurrency <n>', 'child processes'],
      ['--port <n>', 'where hooks are served (default 7788, or another where that is taken)'],
      values,
      ...inputs,
    ],
    examples: ['tq dev', 'tq dev --run licence-report', 'tq dev --fresh'],
    load: () => import('../dev.ts'),
  },
  {
    usage: 'doctor',
    summary:
      'finds what is wrong with a set-up, and says what mends it: exit 1 where something keeps work from being done',
    options: [output],
    formats: ['table', 'json', 'yaml', 'name'],
    examples: ['tq doctor', 'tq doctor -o json'],
    load: () => import('../doctor.ts'),
  },
  {
    usage: 'completion <shell>',
    summary: 'the script by which bash, zsh or fish completes commands, flags and the names of what is applied',
    options: [],
    words: [['bash', 'zsh', 'fish']],
    examples: ['source <(tq completion bash)', 'tq completion fish > ~/.config/fish/completions/tq.fish'],
    load: () => import('../completion.ts'),
  },
  {
    usage: 'complete [words...]',
    summary: 'what may stand at the end of these words: asked by the scripts of `tq completion`',
    options: [],
    hidden: true,
    examples: [],
    load: () => import('../complete.ts'),
  },
]
