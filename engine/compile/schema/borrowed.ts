/**
 * Words that people bring along from Celery, Airflow, Argo, Kestra, Temporal and GitHub, and how the same is called here. A word
 * stands for the first of these that the place knows.
 */
const borrowed: { [word: string]: string[] } = {
  action: ['task'],
  activity: ['task'],
  args: ['with'],
  arguments: ['with'],
  attempts: ['max'],
  callback: ['body'],
  childworkflow: ['workflow'],
  command: ['task'],
  condition: ['when'],
  continueonerror: ['allowFailure'],
  continueonfail: ['allowFailure'],
  countdown: ['delay'],
  cronexpression: ['cron'],
  dependencies: ['needs'],
  dependson: ['needs'],
  depends: ['needs'],
  disabled: ['paused'],
  enabled: ['paused'],
  foreach: ['forEach'],
  if: ['when'],
  handler: ['task'],
  ignoreerrors: ['allowFailure'],
  in: ['with'],
  input: ['with', 'inputs', 'inputSchema'],
  inputs: ['with', 'inputSchema'],
  items: ['in'],
  jobs: ['steps'],
  interval: ['every'],
  kwargs: ['with'],
  limit: ['max'],
  list: ['in'],
  loop: ['forEach'],
  matrix: ['forEach'],
  maxattempts: ['max', 'retry'],
  maxretries: ['max', 'retry'],
  members: ['steps', 'header'],
  name: ['id'],
  onfailure: ['onError'],
  operator: ['task'],
  outputs: ['output', 'outputSchema'],
  parameters: ['with', 'inputs'],
  params: ['with', 'inputs'],
  parallel: ['group'],
  queuename: ['queue'],
  retries: ['retry'],
  retrypolicy: ['retry'],
  retrystrategy: ['retry'],
  run: ['task', 'workflow'],
  runafter: ['needs'],
  schedule: ['cron'],
  script: ['task'],
  sequence: ['chain'],
  signature: ['verify'],
  stages: ['steps'],
  steps: ['header', 'chain', 'workflow'],
  subdag: ['workflow'],
  subflow: ['workflow'],
  subworkflow: ['workflow'],
  task: ['workflow'],
  tasks: ['steps', 'header'],
  template: ['task'],
  timelimit: ['timeout'],
  timeoutminutes: ['timeout'],
  timeoutseconds: ['timeout'],
  times: ['max'],
  type: ['task'],
  tz: ['timezone'],
  url: ['path'],
  uses: ['task'],
  withitems: ['forEach'],
  withparam: ['forEach'],
}

/** What a word of another system is called here, where the place knows that. */
export const borrowedFor = (word: string, known: string[]): string | undefined =>
  Object.hasOwn(borrowed, plain(word)) ? borrowed[plain(word)]!.find(name => known.includes(name)) : undefined

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
  chord: '{ header: [{ task: … }], body: { task: … } }',
  body: '{ task: … }; several steps are { chain: [{ task: … }, { task: … }] }',
}
const how: { [field: string]: string } = {
  paused: ': true or false; of one that is applied already: tq schedule pause NAME',
  workflow: ': the name of a Chain, or another, that has the steps, were it only one',
}

/** What to write for a field that is missing, where its name does not say it. */
const missing: { [field: string]: string } = {
  apiVersion: 'write apiVersion: tq/v1',
  metadata: 'write metadata: { name: my-name }',
  name: 'write name: and small letters, digits and hyphens',
  handler: 'write handler: and the path of a file below tasks/, without its extension',
  verify: 'say how senders prove who they are, { scheme, secret }, or that they need not, none',
  secret: 'write the name of the secret, like stripe/webhook; the secret itself stands in the environment',
  body: 'write body: { task: … }, the step that gets what the header gave',
  header: 'write header: and below it the steps that run at once',
  steps: 'write steps: and below it a list, each item with "- "',
  workflow: 'write workflow: and the name of the one to start',
  in: 'write in: "{{ inputs.items }}"',
  max: 'write max: 3',
}

/** `; write apiVersion: tq/v1`, of a field that is missing. */
export const missingHint = (field: string): string => (Object.hasOwn(missing, field) ? `; ${missing[field]}` : '')

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

/** Helpers as other languages of templates call them. */
const helpers: { [word: string]: string } = {
  contains: 'in',
  count: 'len',
  equal: 'eq',
  equals: 'eq',
  format: 'concat',
  formatdate: 'date',
  fromjson: 'parse-json',
  ifelse: 'if',
  includes: 'in',
  length: 'len',
  lowercase: 'lower',
  size: 'len',
  strip: 'trim',
  ternary: 'if',
  tojson: 'json',
  tolower: 'lower',
  touppercase: 'upper',
  toupper: 'upper',
  uppercase: 'upper',
}

/** `; here that is "upper"`, of a helper that is another language's. */
export const helperCalled = (word: string): string => {
  const found = Object.hasOwn(helpers, plain(word)) ? helpers[plain(word)] : undefined
  return found === undefined ? '' : `; here that is "${found}"`
}

/** Where paths of other systems begin, and what to do here. */
const roots: { [word: string]: string } = {
  each: 'the item of a forEach is called "item", or as its `as` says',
  env: 'a handler reads its own environment; what differs from place to place is {{ config.… }}',
  execution: 'that is "run"',
  github: 'what started a run hands over inputs: {{ inputs.… }}',
  input: 'that is "inputs"',
  matrix: 'the item of a forEach is called "item", or as its `as` says',
  nodes: 'that is "steps"',
  now: 'expressions do not ask the clock; {{ run.startedAt }} is when the run began',
  output: 'the output of a step is {{ steps.<id>.output }}',
  outputs: 'the output of a step is {{ steps.<id>.output }}',
  param: 'that is "inputs"',
  parameters: 'that is "inputs"',
  params: 'that is "inputs"',
  results: 'a body without `with` gets the list of results; of one step it is {{ steps.<id>.output }}',
  secrets: "a secret is {{ secret 'mail/token' }}, in the `with` of a task",
  tasks: 'that is "steps"',
  values: 'that is "config"',
  vars: 'what differs from place to place is {{ config.… }}',
  workflow: 'that is "run"',
}

/** `; that is "steps"`, of the beginning of a path that is another system's. */
export const rootCalled = (word: string): string =>
  Object.hasOwn(roots, word.toLowerCase()) ? `; ${roots[word.toLowerCase()]}` : ''
