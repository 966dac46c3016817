import type { Json } from '../../model/json.ts'

/**
 * Words that people bring along from Celery, Airflow, Argo, Kestra, Temporal and GitHub, and how the same is called here. A word
 * stands for the first of these that the place knows.
 */
const borrowed: { [word: string]: string[] } = {
  action: ['task'],
  activity: ['task'],
  always: ['finally'],
  args: ['with'],
  arguments: ['with'],
  attempts: ['max'],
  call: ['task', 'workflow'],
  callback: ['body'],
  catch: ['onError'],
  childworkflow: ['workflow'],
  command: ['task'],
  condition: ['when'],
  conf: ['with'],
  continueonerror: ['allowFailure'],
  continueonfail: ['allowFailure'],
  countdown: ['delay'],
  cronexpression: ['cron'],
  dependencies: ['needs'],
  depends: ['needs'],
  dependson: ['needs'],
  disabled: ['paused'],
  do: ['chain'],
  enabled: ['paused'],
  ensure: ['finally'],
  env: ['with'],
  environment: ['with'],
  executechildworkflow: ['workflow'],
  flowid: ['workflow'],
  foreach: ['forEach'],
  handler: ['task'],
  header: ['chord'],
  if: ['when'],
  ignoreerrors: ['allowFailure'],
  in: ['with'],
  include: ['workflow'],
  input: ['with', 'inputs', 'inputSchema'],
  inputparameters: ['with'],
  inputs: ['with', 'inputSchema'],
  interval: ['every'],
  items: ['in'],
  jobs: ['steps'],
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
  parallel: ['group'],
  parameters: ['with', 'inputs'],
  params: ['with', 'inputs'],
  payload: ['with'],
  queuename: ['queue'],
  rescue: ['onError'],
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
  startchildworkflow: ['workflow'],
  startexecution: ['workflow'],
  statemachinearn: ['workflow'],
  steps: ['header', 'chain', 'workflow'],
  subdag: ['workflow'],
  subflow: ['workflow'],
  subflowid: ['workflow'],
  subworkflow: ['workflow'],
  subworkflowparam: ['workflow'],
  task: ['workflow', 'handler'],
  tasks: ['steps', 'header'],
  template: ['task'],
  templateref: ['workflow'],
  timelimit: ['timeout'],
  timeoutminutes: ['timeout'],
  timeoutseconds: ['timeout'],
  times: ['max'],
  triggerdagid: ['workflow'],
  type: ['task'],
  tz: ['timezone'],
  unless: ['when'],
  url: ['path'],
  uses: ['task'],
  variables: ['with', 'inputs'],
  vars: ['with', 'inputs'],
  withitems: ['forEach'],
  withparam: ['forEach'],
  workflowid: ['workflow'],
  workflowname: ['workflow'],
  workflowtemplateref: ['workflow'],
}

/** What a word of another system is called here, where the place knows that. */
export const borrowedFor = (word: string, known: string[]): string | undefined =>
  Object.hasOwn(borrowed, plain(word)) ? namesOf(plain(word)).find(name => known.includes(name)) : undefined

/** What is a step's task is a Task's handler. */
const namesOf = (word: string): string[] =>
  borrowed[word]!.flatMap(name => (name === 'task' ? ['task', 'handler'] : [name]))

/** `then` is what a `do` is. */
const plain = (word: string): string =>
  word
    .toLowerCase()
    .replaceAll(/[-_]/g, '')
    .replace(/^then$/, 'do')

/**
 * `; here that is "needs"`, where the place knows it; else nothing.
 *
 * @param value what was written for it: of `type: SUB_WORKFLOW` it says more than the word
 */
export const hereCalled = (word: string, known: string[], value?: Json): string => {
  if (Object.hasOwn(ways, plain(word))) return ways[plain(word)]!
  if (known.includes('task') && Object.hasOwn(waysOfSteps, plain(word))) return waysOfSteps[plain(word)]!
  const borrowed = borrowedFor(word, known)
  const found = borrowed === 'task' && known.includes('workflow') && tellsOfWorkflow(value) ? 'workflow' : borrowed
  const way =
    found === 'workflow' && known.includes('task') ? ': the name of one; its inputs are "with"' : how[found ?? '']
  return found === undefined ? '' : `; here that is "${found}"${way ?? ''}`
}

const tellsOfWorkflow = (value: Json | undefined): boolean =>
  typeof value === 'string' && /sub_?(work)?flow|child_?workflow|TriggerDagRun|startExecution|\.ya?ml$/i.test(value)

const aSecret = "; a secret is {{ secret 'mail/token' }}, in the `with` of a task"
/** What to do where no field is called like it. */
const ways: { [word: string]: string } = { secret: aSecret, secrets: aSecret, secretref: aSecret }
const anotherStep = '; write another step, with when: "{{ not (…) }}"'
const waysOfSteps: { [word: string]: string } = {
  description: '; a comment describes a step: # …',
  elif: anotherStep,
  else: anotherStep,
  elseif: anotherStep,
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
  chord: ': { header: [{ task: … }], body: { task: … } }',
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
  configmap: 'a file of values: {{ config.… }}, and --values FILE',
  cron: 'Schedule',
  cronjob: 'Schedule',
  cronworkflow: 'Schedule',
  dag: 'Flow',
  handler: 'Task',
  job: 'Task',
  parallel: 'Group',
  pipeline: 'Chain, Group, Chord or Flow',
  sequence: 'Chain',
  secret: "a variable or a file of the worker's: {{ secret 'mail/token' }}, in the `with` of a task",
  sensor: 'Hook',
  subflow: 'Chain, Group, Chord or Flow',
  subworkflow: 'Chain, Group, Chord or Flow',
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
  getsecret: 'secret',
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
  vault: 'secret',
}

/** `; here that is "upper"`, of a helper that is another language's. */
export const helperCalled = (word: string): string => {
  const found = Object.hasOwn(helpers, plain(word)) ? helpers[plain(word)] : undefined
  return found === undefined ? '' : `; here that is "${found}"`
}

const previous =
  'the output of the step before comes by itself where there is no `with`; of any other it is {{ steps.<id>.output }}'

/** Where paths of other systems begin, and what to do here. */
const roots: { [word: string]: string } = {
  each: 'the item of a forEach is called "item", or as its `as` says',
  env: 'a handler reads its own environment; what differs from place to place is {{ config.… }}',
  execution: 'that is "run"',
  github: 'what started a run hands over inputs: {{ inputs.… }}',
  input: 'that is "inputs"',
  item: 'an item is known in a step with forEach alone, and inside of it',
  matrix: 'the item of a forEach is called "item", or as its `as` says',
  nodes: 'that is "steps"',
  now: 'expressions do not ask the clock; {{ run.startedAt }} is when the run began',
  output: 'the output of a step is {{ steps.<id>.output }}',
  outputs: 'the output of a step is {{ steps.<id>.output }}',
  param: 'that is "inputs"',
  parameters: 'that is "inputs"',
  params: 'that is "inputs"',
  prev: previous,
  previous,
  results: 'a body without `with` gets the list of results; of one step it is {{ steps.<id>.output }}',
  secret: "a secret is {{ secret 'mail/token' }}, in the `with` of a task",
  secrets: "a secret is {{ secret 'mail/token' }}, in the `with` of a task",
  tasks: 'that is "steps"',
  values: 'that is "config"',
  vars: 'what differs from place to place is {{ config.… }}',
  workflow: 'that is "run"',
}

/** `; that is "steps"`, of the beginning of a path that is another system's. */
export const rootCalled = (word: string): string =>
  Object.hasOwn(roots, word.toLowerCase()) ? `; ${roots[word.toLowerCase()]}` : ''
