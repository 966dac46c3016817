import type { Io } from '../io.ts'

export type Options = Record<string, string | string[] | boolean | undefined> & { output?: string }
export type Action = (io: Io, options: Options, ...args: (string | string[] | undefined)[]) => Promise<number>

export type CommandSpec = {
  usage: string
  summary: string
  /** Flags, what they do, the default. */
  options: [string, string, string?][]
  /** What `-o` may be; absent: table, json, yaml, name. */
  formats?: string[]
  examples: string[]
  /** What its words may be, for completion: one for each, the last for all that follow. */
  words?: Words[]
  /** Not among the commands that help lists. */
  hidden?: true
  /** Its help ends with the table of exit codes. */
  exits?: boolean
  load(): Promise<{ default: Action }>
}

const output: [string, string, string] = ['-o, --output <format>', 'how the answer is printed', 'table']
const files: [string, string] = [
  '-f, --file <path>',
  'file, folder, or - for standard input; again for more (default: manifests/)',
]
const recursive: [string, string] = ['-R, --recursive', 'folders with what is below them']
const values: [string, string] = [
  '--values <path>',
  'values for {{ config.… }}: a YAML file; again for more, of which the later win',
]
const drain: [string, string] = [
  '--drain',
  'what has open runs is started no more, and deleted when the last has ended',
]
const inputs: [string, string][] = [
  ['-i, --input <k=v>', 'one input, name=value; JSON where it parses as such; again for more'],
  ['--input-file <file>', 'inputs as YAML or JSON from a file, or - for standard input'],
]
const asking: CommandSpec['options'] = [
  ['-d, --destination <names>', 'only workers of these names, joined by commas (default: all)'],
  ['--timeout <duration>', 'how long to wait for answers', '3s'],
  output,
]

/** Words to choose from, or what a database knows the names of. */
export type Words = readonly string[] | 'startable' | 'manifest' | 'plan-or-run' | 'run' | 'schedule' | 'hook'

export const questions = [
  ...['ping', 'active', 'reserved', 'scheduled', 'revoked', 'registered', 'stats', 'conf', 'report', 'queues'],
] as const

/** The commands, in the order of their help. Each is loaded only when it is called. */
export const commands: CommandSpec[] = [
  {
    usage: 'init [dir]',
    summary: 'a new project: a task, a workflow, a test, and the types of them',
    options: [['--no-install', 'leaves npm install to you']],
    examples: ['tq init my-workflows', 'tq init --no-install'],
    load: () => import('./init.ts'),
  },
  {
    usage: 'dev [dir]',
    summary:
      'everything in one process: embedded Postgres, worker, timers, hooks; applies manifests and again when they change',
    options: [
      ['--run <workflow>', 'runs this once everything is up, and ends with it where nobody is at the terminal'],
      recursive,
      ['--fresh', 'begins with an empty database'],
      ['--kafka', 'with a Kafka of its own, which needs Java'],
      ['-c, --concurrency <n>', 'child processes'],
      ['--port <n>', 'where hooks are served (default 7788, or another where that is taken)'],
      values,
      ...inputs,
    ],
    examples: ['tq dev', 'tq dev --run licence-report', 'tq dev --fresh'],
    load: () => import('./dev.ts'),
  },
  {
    usage: 'validate',
    summary: 'checks manifests without any database',
    options: [files, recursive, values, ['-o, --output <format>', 'how the answer is printed', 'table']],
    formats: ['table', 'json', 'github', 'sarif'],
    examples: ['tq validate', 'tq validate -f manifests/licence-report.yaml', 'tq validate -o github'],
    load: () => import('./validate.ts'),
  },
  {
    usage: 'schema',
    summary: 'a JSON Schema of manifests for editors: your tasks by name, and what each is given',
    options: [
      files,
      recursive,
      ['--vscode', 'writes it to .tq/schema.json and tells VS Code of it'],
      ['--types', 'writes the TypeScript types of tasks and workflows to tq.d.ts'],
    ],
    examples: ['tq schema --vscode', 'tq schema --types', 'tq schema > schema.json'],
    load: () => import('./schema.ts'),
  },
  {
    usage: 'explain [code]',
    summary:
      'what an error code means and how to mend it: of a diagnostic, a command or a job; without one all of them',
    options: [output],
    examples: ['tq explain', 'tq explain MAY_BE_MISSING'],
    load: () => import('./explain.ts'),
  },
  {
    usage: 'diff',
    summary: 'what `tq apply` with the same flags would do, field by field; exits with 1 where that is something',
    options: [
      files,
      recursive,
      values,
      ['--prune', 'with what would be deleted: applied from the same place, and not there any more'],
      drain,
      output,
    ],
    examples: ['tq diff', 'tq diff -f manifests/ --values prod.yaml', 'tq diff --prune -o json'],
    load: () => import('./diff.ts'),
  },
  {
    usage: 'apply',
    summary: 'makes manifests the current ones: all or nothing',
    options: [
      files,
      recursive,
      values,
      ['--dry-run', 'says what would change, as `tq diff` does, and changes nothing'],
      ['--diff <id>', 'applies exactly what `tq diff` has shown, or says what has moved since'],
      ['--prune', 'deletes what was applied from the same place and is not there any more'],
      drain,
      ['--detailed-exitcode', 'exit 10 where something changed'],
      output,
    ],
    examples: [
      'tq apply',
      'tq apply -f manifests/ --values prod.yaml',
      'tq apply --diff 9f31c2aa',
      'tq apply -f manifests/ --prune',
    ],
    load: () => import('./apply.ts'),
  },
  {
    usage: 'delete <names...>',
    words: ['manifest'],
    summary: 'deletes manifests that are applied, all of them or none; their revisions and runs stay',
    options: [drain, ['--dry-run', 'says what would change, changes nothing'], output],
    examples: ['tq delete hook/old-stripe', 'tq delete workflow/checkout schedule/nightly --drain'],
    load: () => import('./delete.ts'),
  },
  {
    usage: 'history <name>',
    words: ['manifest'],
    summary: 'every revision of a manifest, and how many runs stay on each',
    options: [output],
    examples: ['tq history licence-report', 'tq history task/charge -o json'],
    load: () => import('./history.ts'),
  },
  {
    usage: 'rollback <name>',
    words: ['manifest'],
    summary: 'makes an older revision the current one again; runs keep the one they have',
    options: [
      ['--to <revision>', 'which (default: the last that was different)'],
      ['--dry-run', 'says what would change, changes nothing'],
      output,
    ],
    examples: ['tq rollback licence-report', 'tq rollback licence-report --to 3 --dry-run'],
    load: () => import('./rollback.ts'),
  },
  {
    usage: 'export [name]',
    words: ['manifest'],
    summary: 'what is applied, as it was written, comments included',
    options: [['--values', 'instead the values of config that it was applied with']],
    examples: ['tq export', 'tq export workflow/licence-report', 'tq export --values'],
    load: () => import('./export.ts'),
  },
  {
    usage: 'run <name>',
    words: ['startable'],
    summary: 'starts a workflow or a Task',
    options: [
      ...inputs,
      ['-w, --watch', 'shows the run until it has ended'],
      ['--wait', 'waits until it has ended, prints its output'],
      ['--timeout <duration>', 'waits at most so long'],
      ['--idempotency-key <key>', 'the same key again gives the first run'],
      ['-l, --label <k=v>', 'a label to find the run by; again for more'],
      output,
    ],
    exits: true,
    examples: [
      'tq run hello --input name=Ada --wait',
      'tq run licence-report --watch',
      'tq run task/send-mail --input-file mail.json --wait -o json',
    ],
    load: () => import('./run.ts'),
  },
  {
    usage: 'get <what> [name]',
    words: [['runs', 'workflows', 'tasks', 'queues', 'schedules', 'hooks', 'workers', 'jobs'], 'manifest'],
    summary:
      'lists runs, workflows, tasks, queues, schedules, hooks, workers, or jobs: those of a run, or all that are open',
    options: [
      ['--state <state>', 'runs or jobs in this state'],
      ['--workflow <name>', 'runs, schedules or hooks of this workflow'],
      ['--queue <name>', 'jobs, tasks or workers of this queue'],
      ['--trigger <trigger>', 'runs that this has started: cli, schedule, schedule/nightly, hook/github-push'],
      ['--since <time>', 'runs started from then on: 1h, or 2026-11-22T18:00:00Z'],
      ['-l, --label <k=v>', 'runs with this label; again: with all of them'],
      ['--limit <n>', 'at most so many (default: 20 runs, all jobs of a run, 100 open ones)'],
      ['-w, --watch', 'goes on: redrawn on a terminal, else a line for each change'],
      output,
    ],
    formats: ['table', 'wide', 'json', 'jsonl', 'yaml', 'name'],
    examples: [
      'tq get runs',
      'tq get runs licence-report --state failed --since 1h',
      'tq get jobs @latest -o json',
      'tq get jobs --queue default --state running',
      'tq get queues -w',
    ],
    load: () => import('./get.ts'),
  },
  {
    usage: 'describe <what> [name]',
    words: [['run', 'workflow', 'task', 'queue', 'schedule', 'hook', 'worker'], 'manifest'],
    summary:
      'all about a run (with its jobs and their attempts), a worker, or a manifest: workflow, task, queue, schedule or hook',
    options: [output],
    examples: ['tq describe run @latest', 'tq describe workflow licence-report'],
    load: () => import('./describe.ts'),
  },
  {
    usage: 'watch <run>',
    words: ['run'],
    summary: 'shows a run until it has ended, as a tree that moves; where nobody looks on, a line for each change',
    options: [['--timeout <duration>', 'at most so long'], output],
    exits: true,
    examples: ['tq watch @latest', 'tq watch t3h8v2f4 --timeout 5m'],
    load: () => import('./watch.ts'),
  },
  {
    usage: 'wait <runs...>',
    words: ['run'],
    summary: 'waits until runs have ended; the exit code is the worst',
    options: [['--timeout <duration>', 'at most so long'], output],
    exits: true,
    examples: ['tq wait @latest', 'tq wait t3h8v2f4 --timeout 5m'],
    load: () => import('./wait.ts'),
  },
  {
    usage: 'events [run]',
    words: ['run'],
    summary: 'what has happened to runs, jobs and workers, as CloudEvents; of one run, or all',
    options: [
      ['-f, --follow', 'goes on: with what happens next, or until the run has ended'],
      ['--type <types>', 'these only: job.succeeded,run.*'],
      ['--since <time>', 'from then on: 10m, or 2026-11-22T18:00:00Z'],
      ['--snapshot <period>', 'every so often a line: workers, open jobs, events since the last'],
      ['-o, --output <format>', 'how the answer is printed', 'table'],
    ],
    formats: ['table', 'json', 'jsonl'],
    examples: [
      'tq events @latest',
      "tq events -f --type 'job.failed,worker.*'",
      'tq events --since 1h -o jsonl',
      'tq events --snapshot 5s',
    ],
    load: () => import('./events.ts'),
  },
  {
    usage: 'why <run>',
    words: ['run'],
    summary: 'why a run, or a step of it with RUN/STEP, does not move, or why it ended as it did',
    options: [output],
    examples: ['tq why @latest', 'tq why @latest/report -o json'],
    load: () => import('./why.ts'),
  },
  {
    usage: 'graph <name>',
    words: ['plan-or-run'],
    summary: 'draws a workflow, or a run with how its steps stand',
    options: [
      ['-f, --file <path>', 'a workflow of these files instead of the applied one; again for more'],
      recursive,
      values,
      ['-o, --output <format>', 'how it is drawn', 'tree'],
    ],
    formats: ['tree', 'mermaid', 'dot', 'svg', 'json'],
    examples: [
      'tq graph licence-report',
      'tq graph @latest -o svg',
      'tq graph hello -f manifests/hello.yaml -o mermaid',
    ],
    load: () => import('./graph.ts'),
  },
  {
    usage: 'logs <run>',
    words: ['run'],
    summary: 'log lines of a run, or of a step with RUN/STEP',
    options: [
      ['-f, --follow', 'goes on until the run has ended'],
      ['--tail <n>', 'the last lines only'],
      ['-o, --output <format>', 'how the answer is printed', 'table'],
    ],
    formats: ['table', 'json'],
    examples: ['tq logs @latest', 'tq logs @latest/list -f'],
    load: () => import('./logs.ts'),
  },
  {
    usage: 'cancel [what...]',
    words: ['run'],
    summary: 'cancels runs, or single steps with RUN/STEP: what has not started at once, what runs by its signal',
    options: [
      ['-l, --label <k=v>', 'all runs with this label that have not ended; again: with all of them'],
      ['--grace <duration>', 'how long handlers may go on after their signal, before they are killed'],
      ['--force', 'kills what runs at once'],
      ['--reason <text>', 'kept with the run', 'cancelled by hand'],
      output,
    ],
    examples: [
      'tq cancel @latest',
      'tq cancel t3h8v2f4/publish',
      'tq cancel --label month=july --grace 30s',
      'tq cancel t3h8v2f4 --reason "wrong month"',
    ],
    load: () => import('./cancel.ts'),
  },
  {
    usage: 'plan <workflow>',
    words: ['startable'],
    summary: 'the compiled execution plan of a workflow or Task: from files with -f, else as applied',
    options: [['-f, --file <path>', 'file, folder, or - for standard input'], recursive, values, output],
    examples: ['tq plan licence-report', 'tq plan licence-report -f manifests/ -o json'],
    load: () => import('./plan.ts'),
  },
  {
    usage: 'worker',
    summary: 'a worker: claims jobs and runs their handlers in child processes; SIGTERM drains',
    options: [
      ['-Q, --queues <names>', 'only these queues, joined by commas (default: all)'],
      ['-c, --concurrency <n>', 'child processes (default 2)'],
      ['--autoscale <max,min>', 'as many children as the load needs, between these'],
      ['--slots <n>', 'jobs at once in one child, for handlers that wait (default 1)'],
      ['--name <name>', 'how it is called'],
      ['--handlers <dir>', 'where the handlers are (default tasks/)'],
      ['-o, --output <format>', 'table for people, json for machines', 'table'],
    ],
    formats: ['table', 'json'],
    examples: ['tq worker', 'tq worker -Q default,reports -c 4'],
    load: () => import('./worker.ts'),
  },
  {
    usage: 'server',
    summary: 'serves hooks, the state of runs, health and metrics over HTTP; SIGTERM answers what it has accepted',
    options: [
      ['--port <n>', 'where (default 7788); 0: any that is free'],
      ['--host <address>', 'for whom (default 127.0.0.1: this machine alone; 0.0.0.0: all)'],
      ['-o, --output <format>', 'table for people, json for machines', 'table'],
    ],
    formats: ['table', 'json'],
    examples: ['tq server', 'tq server --host 0.0.0.0 --port 8080'],
    load: () => import('./server.ts'),
  },
  {
    usage: 'hook <action> [name]',
    words: [['url', 'sign', 'send', 'rotate', 'rejections'], 'hook'],
    summary:
      'url: where a hook is; sign: the headers of a delivery; send: a delivery; rotate: a new secret; rejections: what started nothing, and why',
    options: [
      ['--data <text>', 'the body of a delivery (default {})'],
      ['--file <file>', 'the body from a file, or - for standard input'],
      ['--id <id>', 'the id of the delivery (default: a new one)'],
      ['--limit <n>', 'at most so many rejections (default 20)'],
      output,
    ],
    examples: [
      'tq hook url hello',
      'tq hook send hello --data \'{"name":"Ada"}\'',
      'curl -H @<(tq hook sign github-push --file push.json) --data-binary @push.json "$(tq hook url github-push)"',
      'tq hook rotate stripe-payments',
      'tq hook rejections',
    ],
    load: () => import('./hook.ts'),
  },
  {
    usage: 'beat',
    summary: 'fires schedules, and nothing else; every worker does so as well, and any number may run at once',
    options: [['-o, --output <format>', 'table for people, json for machines', 'table']],
    formats: ['table', 'json'],
    examples: ['tq beat'],
    load: () => import('./beat.ts'),
  },
  {
    usage: 'schedule <action> [name]',
    words: [['next', 'pause', 'resume', 'trigger', 'backfill'], 'schedule'],
    summary:
      'next: its fire times; pause, resume; trigger: runs it now; backfill: runs fire times of the past, at most once each',
    options: [
      ['--from <time>', 'next: after this moment (default: now); backfill: from this one on'],
      ['--to <time>', 'backfill: before this moment (default: now)'],
      ['--count <n>', 'next: so many (default 5)'],
      ['--cron <expression>', 'next: of this expression instead of a schedule, with --timezone'],
      ['--seconds', 'next: --cron has six fields, seconds first'],
      ['--timezone <zone>', 'next: the zone of --cron'],
      ['--concurrency <n>', 'backfill: at most so many runs at once (default 1)'],
      ['--dry-run', 'backfill: says what would run'],
      ['--cancel', 'backfill: stops it; runs that have started go on'],
      output,
    ],
    examples: [
      'tq schedule next nightly --from 2027-03-27T12:00Z --count 3',
      "tq schedule next --cron '30 1 * * *' --timezone Europe/Lisbon",
      'tq schedule pause nightly',
      'tq schedule trigger nightly',
      'tq schedule backfill nightly --from 2026-01-01T00:00Z --to 2026-02-01T00:00Z --concurrency 2',
    ],
    load: () => import('./schedule.ts'),
  },
  {
    usage: 'top',
    summary: 'queues, workers and open runs as they are now, again and again; q ends it. Where nobody looks on, once',
    options: [['--every <duration>', 'how often', '2s'], output],
    examples: ['tq top', 'tq top --every 500ms', 'tq top -o json'],
    load: () => import('./top.ts'),
  },
  {
    usage: 'doctor',
    summary:
      'finds what is wrong with a set-up, and says what mends it: exit 1 where something keeps work from being done',
    options: [output],
    formats: ['table', 'json', 'yaml', 'name'],
    examples: ['tq doctor', 'tq doctor -o json'],
    load: () => import('./doctor.ts'),
  },
  {
    usage: 'inspect [what]',
    summary: `asks workers: ${questions.join(', ')}`,
    words: [questions],
    options: asking,
    exits: true,
    examples: ['tq inspect ping', 'tq inspect active -d w1,w2', 'tq inspect stats -o json --timeout 5s'],
    load: () => import('./inspect.ts'),
  },
  {
    usage: 'control [order] [args...]',
    words: [
      [
        ...[
          'pool-grow',
          'pool-shrink',
          'autoscale',
          'rate-limit',
          'time-limit',
          'add-queue',
          'remove-queue',
          'log-level',
        ],
        ...['events', 'drain', 'shutdown'],
      ],
    ],
    summary:
      'tells workers: pool-grow N, pool-shrink N, autoscale MAX,MIN, rate-limit QUEUE RATE, time-limit TASK DURATION, add-queue QUEUE, remove-queue QUEUE, log-level LEVEL, events on|off, drain, shutdown',
    options: [['--force', 'shutdown: what runs is killed, and runs again elsewhere'], ...asking],
    exits: true,
    examples: [
      'tq control pool-grow 2',
      'tq control autoscale 8,2 -d w1',
      'tq control rate-limit mail 100/m',
      'tq control time-limit licences/inspect 5m',
      'tq control drain -d w1',
    ],
    load: () => import('./control.ts'),
  },
  {
    usage: 'completion <shell>',
    summary: 'the script by which bash, zsh or fish completes commands, flags and the names of what is applied',
    options: [],
    words: [['bash', 'zsh', 'fish']],
    examples: ['source <(tq completion bash)', 'tq completion fish > ~/.config/fish/completions/tq.fish'],
    load: () => import('./completion.ts'),
  },
  {
    usage: 'complete [words...]',
    summary: 'what may stand at the end of these words: asked by the scripts of `tq completion`',
    options: [],
    hidden: true,
    examples: [],
    load: () => import('./complete.ts'),
  },
  {
    usage: 'db <action>',
    words: [['migrate', 'status']],
    summary: 'migrate: brings the database to this version; status: says where it is',
    options: [output],
    examples: ['tq db migrate', 'tq db status -o json'],
    load: () => import('./db.ts'),
  },
]
