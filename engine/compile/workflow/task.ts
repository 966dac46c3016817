import { jobErrorNames } from '../../model/errors.ts'
import { isObject, type JsonObject } from '../../model/json.ts'
import type { Plan } from '../../model/plan.ts'
import { didYouMean } from '../../model/similar.ts'
import { nameOf } from '../catalog.ts'
import { checkJsonSchema } from '../schema/jsonSchema.ts'
import { type Compilation, report } from '../compilation.ts'
import { checkRetryNames } from './errorName.ts'
import { applyPolicy, checkQueue } from './policy.ts'

/** Compiles one Task: its plan is a single node that gets the run's inputs as a whole. */
export const compileTask = (compilation: Compilation): Plan => {
  const { document, spec } = compilation
  const name = nameOf(document.value) ?? ''
  checkHandler(compilation)
  checkSchemas(compilation)
  if (typeof spec.queue === 'string') checkQueue(compilation, spec, spec.queue)
  if (isObject(spec.retry) && Array.isArray(spec.errors)) {
    checkRetryNames(compilation, spec.retry, [...(spec.errors as string[]), ...jobErrorNames], name)
  }
  return { name, kind: 'Task', inputs: {}, nodes: [taskNode(compilation, name)] }
}

const checkHandler = (compilation: Compilation): void => {
  const { handlers } = compilation.catalog
  const { handler } = compilation.spec
  if (typeof handler !== 'string' || handlers?.has(handler)) return
  const message = `there is no handler "${handler}" under tasks/${didYouMean(handler.replace(/^tasks\//, ''), handlers ?? [])}`
  const severity = handlers ? 'error' : 'warning'
  report(compilation, { owner: compilation.spec, key: 'handler' }, 'UNKNOWN_HANDLER', message, { severity })
}

const checkSchemas = (compilation: Compilation): void => {
  for (const key of ['inputSchema', 'outputSchema'])
    if (compilation.spec[key] !== undefined) checkJsonSchema(compilation, compilation.spec, key)
}

const taskNode = (compilation: Compilation, name: string): Plan['nodes'][number] => {
  const node: Plan['nodes'][number] = {
    kind: 'task',
    path: '',
    parent: -1,
    end: 1,
    role: 'member',
    needs: 0,
    tells: true,
    input: { from: 'inputs' },
    read: true,
  }
  const step: JsonObject = { task: name }
  const place = { owner: compilation.document.value as JsonObject, key: 'spec' }
  applyPolicy(compilation, { id: 0, node, step, place, scope: { kind: 'root' }, index: 0, waits: [], broken: false })
  compilation.uses.delete(`task/${name}`)
  return node
}
