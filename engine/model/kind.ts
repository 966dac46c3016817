/** What a manifest is to the store and the command line: the workflow kinds are one thing with four bodies. */
export type Kind = 'task' | 'queue' | 'workflow' | TriggerKind
export type TriggerKind = 'schedule' | 'hook'

export const workflowKinds = ['Chain', 'Group', 'Chord', 'Flow']

/** The kinds that start workflows by themselves, as documents name them and as everything else does. */
const triggers = new Map<string, TriggerKind>([
  ['Schedule', 'schedule'],
  ['Hook', 'hook'],
])

export const isTrigger = (kind: string): boolean => triggers.has(kind)

export const isTriggerKind = (kind: Kind): kind is TriggerKind => [...triggers.values()].some(one => one === kind)

/** `Chain` is a workflow, `Schedule` a schedule. */
export const kindOf = (kind: string): Kind =>
  kind === 'Task' ? 'task' : kind === 'Queue' ? 'queue' : (triggers.get(kind) ?? 'workflow')

/** What people call it in a sentence. */
export const nouns: Record<Kind, string> = {
  workflow: 'workflow',
  task: 'Task',
  queue: 'queue',
  schedule: 'schedule',
  hook: 'hook',
}

/** The words that the command line knows kinds by, short ones among them. */
export const kindWords: { [word: string]: Kind } = {
  workflow: 'workflow',
  wf: 'workflow',
  task: 'task',
  queue: 'queue',
  q: 'queue',
  schedule: 'schedule',
  sch: 'schedule',
  hook: 'hook',
}
