/**
 * Words that people bring along from Celery, Airflow, Argo, Kestra, Temporal and GitHub, and how the same is called here. A word
 * stands for the first of these that the place knows.
 */
const borrowed: { [word: string]: string[] } = {
  args: ['with'],
  callback: ['body'],
  arguments: ['with'],
  cronexpression: ['cron'],
  dependencies: ['needs'],
  dependson: ['needs'],
  depends: ['needs'],
  disabled: ['paused'],
  enabled: ['paused'],
  foreach: ['forEach'],
  if: ['when'],
  condition: ['when'],
  in: ['with'],
  input: ['with', 'inputs'],
  inputs: ['with'],
  interval: ['every'],
  kwargs: ['with'],
  loop: ['forEach'],
  name: ['id'],
  parameters: ['with', 'inputs'],
  params: ['with', 'inputs'],
  parallel: ['group'],
  queuename: ['queue'],
  retries: ['retry'],
  retrypolicy: ['retry'],
  run: ['task', 'workflow'],
  schedule: ['cron'],
  sequence: ['chain'],
  signature: ['verify'],
  task: ['workflow'],
  timelimit: ['timeout'],
  tz: ['timezone'],
  url: ['path'],
  uses: ['task'],
  withitems: ['forEach'],
}

/** What a word of another system is called here, where the place knows that. */
export const borrowedFor = (word: string, known: string[]): string | undefined =>
  borrowed[plain(word)]?.find(name => known.includes(name))

const plain = (word: string): string => word.toLowerCase().replaceAll(/[-_]/g, '')

/** `; here that is "needs"`, where the place knows it; else nothing. */
export const hereCalled = (word: string, known: string[]): string => {
  const found = borrowedFor(word, known)
  return found === undefined ? '' : `; here that is "${found}"${how[found] ?? ''}`
}

/** How fields are written that are objects, for those who write a text or a number. */
const shapes: { [field: string]: string } = {
  retry: '{ max: 3, delay: 10s }',
  reply: '{ mode: result }',
  forEach: '{ in: "{{ inputs.items }}" }',
  verify: '{ scheme: github, secret: github/webhook }',
  solar: '{ event: sunrise, latitude: 38.7, longitude: -9.1 }',
  with: '{ name: value }',
  inputs: '{ name: { type: string } }',
  metadata: '{ name: my-name }',
  topic: '{ partitions: 6 }',
}
const how: { [field: string]: string } = {
  paused: ': true or false; of one that is applied already: tq schedule pause NAME',
  workflow: ': for a single task write a Chain with that one step',
}

/** `; write retry: { max: 3, delay: 10s }`, where an object is wanted and we have an example. */
export const shapeOf = (field: unknown): string =>
  typeof field === 'string' && Object.hasOwn(shapes, field) ? `; write ${field}: ${shapes[field]}` : ''

/** Kinds of other systems. */
const kinds: { [word: string]: string } = {
  cron: 'Schedule',
  cronjob: 'Schedule',
  cronworkflow: 'Schedule',
  dag: 'Flow',
  handler: 'Task',
  job: 'Task',
  parallel: 'Group',
  pipeline: 'Chain, Group, Chord or Flow',
  sequence: 'Chain',
  sensor: 'Hook',
  template: 'Task',
  trigger: 'Schedule or Hook',
  webhook: 'Hook',
  workflow: 'Chain, Group, Chord or Flow',
  workflowtemplate: 'Chain, Group, Chord or Flow',
}

/** `; here that is Flow`, of a kind that is another system's. */
export const kindCalled = (word: string): string => {
  const found = Object.hasOwn(kinds, plain(word)) ? kinds[plain(word)] : undefined
  return found === undefined ? '' : `; here that is ${found}`
}
