import schema from '../../../schemas/manifest.json' with { type: 'json' }
import { isObject, type Json, type JsonObject } from '../../model/json.ts'
import { schemaProblem } from '../../model/schema.ts'
import type { Catalog } from '../catalog.ts'
import { requiredOf } from '../workflow/passed.ts'

/**
 * The JSON Schema of manifests for the editor of one project: names of tasks, handlers, workflows and queues are lists to choose
 * from, and `with` is typed by the task or the workflow that stands beside it. Wherever these want a value, an expression is right as well.
 */
export const editorSchema = (catalog: Catalog): JsonObject => {
  const result = structuredClone(schema) as unknown as JsonObject & { $defs: { [name: string]: JsonObject } }
  const { $defs } = result
  const { step, taskSpec, scheduleSpec, hookSpec } = $defs as {
    [name: string]: { properties: JsonObject } & JsonObject
  }
  const tasks = [...catalog.tasks.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
  const handlers = catalog.handlers && [...catalog.handlers].sort()
  const workflows = [...catalog.workflows.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
  const names = workflows.map(workflow => workflow.name)
  choose(step!.properties, 'task', [...new Set([...tasks.map(task => task.name), ...(handlers ?? [])])])
  choose(step!.properties, 'workflow', names)
  if (handlers) choose(taskSpec!.properties, 'handler', handlers)
  choose(scheduleSpec!.properties, 'workflow', names)
  choose(hookSpec!.properties, 'workflow', names)
  for (const part of [result, ...Object.values($defs)]) allowConfig(part)
  $defs.config = { description: 'A value of `--values`: `{{ config.… }}`.', type: 'string', pattern: '\\{\\{' }
  $defs.expression = { description: 'An expression: `{{ … }}`.', type: 'string', pattern: '\\{\\{' }
  const typed = [
    ...tasks.map(task => ({ ...task, verb: 'task', input: task.spec.inputSchema })),
    ...workflows.map(workflow => ({ ...workflow, verb: 'workflow', input: passed(workflow.inputs) })),
  ].flatMap(({ verb, name, input, broken }) =>
    isObject(input) && !broken && schemaProblem(input) === null ? [{ verb, name, input }] : [],
  )
  // An empty `allOf` is no JSON Schema.
  if (typed.length > 0)
    step!.allOf = typed.map(({ verb, name }) => ({
      if: { properties: { [verb]: { const: name } }, required: [verb] },
      // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word
      then: { properties: { with: { $ref: `#/$defs/with-${verb}-${name}` } } },
    }))
  for (const { verb, name, input } of typed) {
    const place = `input-${verb}-${name}`
    $defs[`with-${verb}-${name}`] = relaxed(moved(input, `#/$defs/${place}`) as JsonObject)
    if (JSON.stringify(input).includes('"$ref":"#')) $defs[place] = moved(input, `#/$defs/${place}`) as JsonObject
  }
  return result
}

/** What a workflow wants to be passed. */
const passed = (inputs: JsonObject): JsonObject => ({
  type: 'object',
  properties: inputs,
  required: requiredOf(inputs),
  additionalProperties: false,
})

/** What is decided when a manifest is applied may stand in any plain field: `concurrency: "{{ config.limit }}"`. */
const allowConfig = (part: Json): void => {
  if (!isObject(part)) return
  if (typeof part.pattern === 'string') part.pattern = `${part.pattern}|\\{\\{`
  if (!isObject(part.properties)) return
  for (const [name, field] of Object.entries(part.properties)) {
    if (!isObject(field)) continue
    allowConfig(field)
    const isPlain = ['integer', 'number', 'boolean'].includes(String(field.type)) || field.enum !== undefined
    if (!isPlain || name === 'kind') continue
    const { description, ...rest } = field
    part.properties[name] = { description: description ?? '', anyOf: [rest, { $ref: '#/$defs/config' }] }
  }
}

/** A field that is one of these names; where there are none, it stays what it was. */
const choose = (properties: JsonObject, field: string, names: string[]): void => {
  const before = properties[field]
  if (names.length > 0 && isObject(before)) properties[field] = { description: before.description ?? '', enum: names }
}

/** A schema whose members may be expressions: properties and items, all the way down where it speaks plainly. */
const relaxed = (schema: JsonObject): JsonObject => {
  const { type: _, ...rest } = schema
  return { ...rest, ...inside(schema) }
}

const inside = (schema: JsonObject): JsonObject => ({
  ...(isObject(schema.properties)
    ? {
        properties: Object.fromEntries(
          Object.entries(schema.properties).map(([name, each]) => [name, orExpression(each)]),
        ),
      }
    : {}),
  ...(isObject(schema.items) ? { items: orExpression(schema.items) } : {}),
})

const orExpression = (schema: Json): Json => {
  if (!isObject(schema)) return schema
  const { description, title } = schema
  return {
    ...(description === undefined ? {} : { description }),
    ...(title === undefined ? {} : { title }),
    anyOf: [{ ...schema, ...inside(schema) }, { $ref: '#/$defs/expression' }],
  }
}

/** A schema at another place: its local references lead there. */
const moved = (value: Json, place: string): Json => {
  if (Array.isArray(value)) return value.map(each => moved(each, place))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === '$ref' && typeof each === 'string' && each.startsWith('#')
        ? `${place}${each.slice(1)}`
        : moved(each, place),
    ]),
  )
}
