import type { Io } from './io.ts'

/** A command line of ours, and what it is for. */
type Ours = [string, string]

const again: Ours[] = [
  ['tq describe run RUN -o json | jq .input | tq run WORKFLOW --input-file -', 'starts it again with the same input'],
]
const lists: Ours[] = [['tq get runs', 'so too workflows, tasks, queues, schedules, hooks, workers, jobs']]
const cancels: Ours[] = [
  ['tq cancel RUN', 'what has not started at once, what runs by its signal; --force kills it'],
  ['tq control shutdown', 'ends workers'],
]
const deletes: Ours[] = [['tq delete NAME', 'what is applied; runs stay']]
const starts: Ours[] = [
  ['tq run WORKFLOW', 'starts a run'],
  ['tq schedule trigger NAME', 'as a schedule would'],
]

/** What things are called elsewhere, for people who come from there. */
export const otherWords: { [word: string]: Ours[] } = {
  retry: again,
  rerun: again,
  list: lists,
  ls: lists,
  ps: [
    ['tq top', 'queues, workers and open runs'],
    ['tq get jobs', 'jobs that are open'],
  ],
  status: [
    ['tq get runs', 'runs and their states'],
    ['tq describe run RUN', 'all about one'],
    ['tq doctor', 'whether the set-up is sound'],
  ],
  show: [
    ['tq describe run RUN', 'so too a workflow, task, queue, schedule, hook or worker'],
    ['tq export NAME', 'a manifest as it was written'],
  ],
  log: [['tq logs RUN', 'log lines of a run, or of a step with RUN/STEP']],
  tail: [['tq logs RUN -f', 'log lines as they come']],
  start: [
    ['tq run WORKFLOW', 'starts a run'],
    ['tq dev', 'everything in one process; for production tq worker and tq server'],
  ],
  trigger: starts,
  submit: starts,
  up: [['tq dev', 'everything in one process; for production tq worker and tq server']],
  stop: cancels,
  kill: cancels,
  abort: cancels,
  pause: [['tq schedule pause NAME', 'a schedule; a queue with paused: true in its manifest, and tq apply']],
  deploy: [['tq apply', 'makes manifests the current ones; tq diff says before what that would do']],
  create: [
    ['tq apply -f FILE', 'makes manifests the current ones'],
    ['tq init DIR', 'a new project'],
  ],
  remove: deletes,
  rm: deletes,
  lint: [['tq validate', 'checks manifests without any database']],
}

/**
 * What a command line of another tool is here; null where the word means nothing. Of a run that somebody would have run again it is
 * the very line that does it, where the run is found.
 */
export const inOurWords = async (io: Io, [word = '', ...rest]: string[]): Promise<string | null> => {
  const known = Object.hasOwn(otherWords, word) ? otherWords[word] : undefined
  if (!known) return null
  const line = known === again && rest[0] ? await lineOf(io, rest[0]).catch(() => null) : null
  const ours: Ours[] = line === null ? known : [[line, again[0]![1]]]
  const width = Math.max(...ours.map(([command]) => command.length))
  return ['In tq:', ...ours.map(([command, what]) => `  ${command.padEnd(width)}   ${what}`)].join('\n')
}

/** Of an input: a longer one is better taken through a pipe. */
const mostLetters = 500

/** The command line that starts a run again. */
const lineOf = async (io: Io, typed: string): Promise<string> => {
  const { resolveRun, snapshot } = await import('../engine/reader.ts')
  const { connected } = await import('./connect.ts')
  return connected(io, async context => {
    const { run } = await snapshot(context, await resolveRun(context, typed.split('/')[0]!))
    const name = run.kind === 'task' ? `task/${run.name}` : run.name
    const { input } = run
    if (typeof input !== 'object' || input === null || Array.isArray(input))
      return `echo ${quoted(JSON.stringify(input))} | tq run ${name} --input-file -`
    if (JSON.stringify(input).length > mostLetters) throw new Error('too long for a command line that people read')
    const pairs = Object.entries(input).map(([key, value]) => ` -i ${quoted(`${key}=${JSON.stringify(value)}`)}`)
    return `tq run ${name}${pairs.join('')}`
  })
}

/** As a shell takes it. */
const quoted = (text: string): string => (/^[\w=.,:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
