import { isObject, type JsonObject } from '../../model/json.ts'
import type { Plan } from '../../model/plan.ts'
import { validator } from '../../model/schema.ts'
import { nameOf } from '../catalog.ts'
import { checkJsonSchema } from '../schema/jsonSchema.ts'
import { type Compilation, report } from '../compilation.ts'
import { fill } from './fill.ts'
import { layOut } from './layout.ts'
import { checkQueue } from './policy.ts'
import { markRead } from './read.ts'

/** Compiles one workflow. What is wrong is added to the compilation's diagnostics; then the plan is of no use. */
export const compileWorkflow = (compilation: Compilation): Plan => {
  const manifest = compilation.document.value as JsonObject
  const kind = manifest.kind as Plan['kind']
  checkInputSchemas(compilation)
  checkDefaults(compilation)
  layOut(compilation, kind)
  fill(compilation)
  const plan = {
    name: nameOf(manifest) ?? '',
    kind,
    inputs: compilation.inputs,
    nodes: compilation.items.map(item => item.node),
  }
  markRead(plan)
  return plan
}

const checkInputSchemas = (compilation: Compilation): void => {
  const { inputs } = compilation
  for (const key of Object.keys(inputs)) {
    if (!checkJsonSchema(compilation, inputs, key)) continue
    const schema = inputs[key]!
    if (!isObject(schema) || schema.default === undefined) continue
    const wrong = validator(schema)(schema.default)
    if (wrong)
      report(compilation, { owner: schema, key: 'default' }, 'INVALID_VALUE', `the default of input "${key}" ${wrong}`)
  }
}

const checkDefaults = (compilation: Compilation): void => {
  const { defaults } = compilation.spec
  if (!isObject(defaults) || typeof defaults.queue !== 'string') return
  compilation.uses.add(`queue/${defaults.queue}`)
  checkQueue(compilation, defaults, defaults.queue)
}
