import schema from '../../../schemas/manifest.json' with { type: 'json' }

/** Kinds of the language that this version does not know yet. */
export const laterKinds = ['Listener', 'Test']

/** Whether a field is one of the language that this version does not know yet, where this part of the schema applies. */
export const isLater = (field: string, part: unknown): boolean => {
  const name = Object.keys(parts).find(key => parts[key] === part)
  return name !== undefined && laterFields[name]!.includes(field)
}

const parts: { [name: string]: unknown } = {
  step: schema.$defs.step,
  taskSpec: schema.$defs.taskSpec,
  queueSpec: schema.$defs.queueSpec,
  retry: schema.$defs.retry,
  chainSpec: schema.$defs.chainSpec,
  groupSpec: schema.$defs.groupSpec,
  chordSpec: schema.$defs.chordSpec,
  flowSpec: schema.$defs.flowSpec,
}

const workflow = ['concurrency', 'idempotencyKey', 'runLabels', 'warnAfter']

const laterFields: { [part: string]: string[] } = {
  step: [
    ...['wait', 'switch', 'repeat', 'delay', 'startWithin', 'compensate', 'cache', 'quorum', 'detach'],
    'stopOnFailure',
  ],
  taskSpec: ['startWithin', 'heartbeat', 'result', 'env', 'rateLimit', 'concurrency'],
  queueSpec: ['maxDepth'],
  retry: ['within'],
  chainSpec: workflow,
  groupSpec: [...workflow, 'stopOnFailure'],
  chordSpec: [...workflow, 'stopOnFailure'],
  flowSpec: [...workflow, 'stopOnFailure'],
}
