import { type HelperType, helpers, lazyHelpers } from './helpers/index.ts'
import type { Json, JsonObject } from './json.ts'
import type { Expression, Root, Template } from './plan.ts'
import { variableOf } from './secret.ts'
import { nearest } from './similar.ts'

/** Where the values of an expression's roots come from. */
export type Scope = {
  /** The value that a path starts from; undefined where there is none (yet). For a step: an object of its fields. */
  lookup: (root: Root) => Json | undefined
}

/** An expression that has no value: `source` is its text, `at` where it stands (`file:line:col`). */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly source: string
  readonly at: string
  constructor(source: string, at: string, reason: string) {
    super(`{{ ${source} }} at ${at}: ${reason}`)
    this.source = source
    this.at = at
  }
}

/**
 * The value of a template. Own properties only; what is missing is an error, except as the first argument of `default`
 * or an argument of `coalesce`. An expression alone in its scalar keeps its value's type.
 *
 * @throws ExpressionError
 */
export const evaluate = (template: Template, scope: Scope): Json => {
  if ('expression' in template) return present(template.expression, scope)
  if ('value' in template) return template.value
  if ('text' in template) return text(template.text, scope)
  if ('list' in template) return template.list.map(item => evaluate(item, scope))
  const result: JsonObject = {}
  for (const key of Object.keys(template.map)) result[key] = evaluate(template.map[key]!, scope)
  return result
}

/** What the paths of a template start from, each once, in the order of the text. */
export const references = (template: Template): Root[] => {
  const found = new Map<string, Root>()
  const visit = (expression: Expression): void => {
    if (expression.kind === 'path') found.set(JSON.stringify(expression.root), expression.root)
    if (expression.kind === 'call') expression.args.forEach(visit)
  }
  visitExpressions(template, visit)
  return [...found.values()]
}

/** Calls back with each expression that stands in a template (not with those inside of expressions). */
export const visitExpressions = (template: Template, visit: (expression: Expression) => void): void => {
  if ('expression' in template) visit(template.expression)
  else if ('text' in template) for (const part of template.text) typeof part === 'string' || visit(part)
  else if ('list' in template) for (const item of template.list) visitExpressions(item, visit)
  else if ('map' in template) for (const key of Object.keys(template.map)) visitExpressions(template.map[key]!, visit)
}

const present = (expression: Expression, scope: Scope): Json => {
  const value = evaluateExpression(expression, scope)
  if (value === undefined) throw missing(expression as PathExpression, scope)
  return value
}

/** The value, or undefined where it is a path that leads nowhere. */
const evaluateExpression = (expression: Expression, scope: Scope): Json | undefined => {
  if (expression.kind === 'path') return follow(expression, scope)
  if (expression.kind === 'literal') return expression.value
  return call(expression, scope)
}

type PathExpression = Extract<Expression, { kind: 'path' }>
type CallExpression = Extract<Expression, { kind: 'call' }>

const follow = (expression: PathExpression, scope: Scope): Json | undefined => {
  let value = scope.lookup(expression.root)
  const { path } = expression
  for (let index = 0; index < path.length && value !== undefined; index++) value = step(value, path[index]!)
  return value
}

/** An own property of an object, or a position in a list; `length` is neither. */
const step = (value: Json, segment: string): Json | undefined => {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined
  if (Array.isArray(value)) return segment === 'length' ? undefined : value[segment as unknown as number]
  return value[segment]
}

const call = (expression: CallExpression, scope: Scope): Json => {
  const { helper, args } = expression
  if (Object.hasOwn(lazyHelpers, helper)) return lazy(expression, scope)
  const values = args.map(arg => present(arg, scope))
  const definition = helpers[helper]
  if (!definition) throw new ExpressionError(expression.source, expression.at, `there is no helper "${helper}"`)
  checkArguments(expression, values, definition.args)
  try {
    return definition.run(...values)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ExpressionError(expression.source, expression.at, error.message)
  }
}

const lazy = (expression: CallExpression, scope: Scope): Json => {
  const { helper, args } = expression
  if (helper === 'default') {
    const value = evaluateExpression(args[0]!, scope)
    return value === undefined ? present(args[1]!, scope) : value
  }
  if (helper === 'coalesce') return coalesce(args, scope)
  if (helper === 'if') return present(boolean(expression, args[0]!, scope) ? args[1]! : args[2]!, scope)
  const decides = helper === 'or'
  for (const arg of args) if (boolean(expression, arg, scope) === decides) return decides
  return !decides
}

const coalesce = (args: Expression[], scope: Scope): Json => {
  for (const arg of args) {
    const value = evaluateExpression(arg, scope)
    if (value !== undefined && value !== null) return value
  }
  return null
}

const boolean = (expression: CallExpression, arg: Expression, scope: Scope): boolean => {
  const value = present(arg, scope)
  if (typeof value === 'boolean') return value
  throw new ExpressionError(
    expression.source,
    expression.at,
    `"${expression.helper}" wants a boolean, not ${describe(value)}`,
  )
}

const checkArguments = (expression: CallExpression, values: Json[], types: HelperType[]): void => {
  for (let index = 0; index < values.length; index++) {
    const type = types[Math.min(index, types.length - 1)]!
    if (type !== 'any' && !fits(type, values[index]!)) {
      const reason = `"${expression.helper}" wants ${wanted[type]} as argument ${index + 1}, not ${describe(values[index]!)}`
      throw new ExpressionError(expression.source, expression.at, reason)
    }
  }
}

const fits = (type: HelperType, value: Json): boolean => {
  if (type === 'list') return Array.isArray(value)
  if (type === 'text-or-list') return Array.isArray(value) || typeof value === 'string'
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

const wanted: { [type in HelperType]: string } = {
  any: 'a value',
  boolean: 'a boolean',
  number: 'a number',
  string: 'a text',
  list: 'a list',
  object: 'an object',
  'text-or-list': 'a text or a list',
}

const describe = (value: Json): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'string' ? `the text ${JSON.stringify(value.slice(0, 40))}` : `${value}`
}

const text = (parts: (string | Expression)[], scope: Scope): string => {
  let result = ''
  for (const part of parts) {
    if (typeof part === 'string') {
      result += part
      continue
    }
    const value = present(part, scope)
    if (typeof value === 'object') {
      const { source, at } = part.kind === 'literal' ? { source: 'null', at: 'the text' } : part
      throw new ExpressionError(source, at, `${describe(value)} cannot be put into text; use (json …)`)
    }
    result += value
  }
  return result
}

/** Says how far a path leads and what is there instead. */
const missing = (expression: PathExpression, scope: Scope): ExpressionError => {
  const { root, path } = expression
  let value = scope.lookup(root)
  if (value === undefined) {
    const reason =
      root.name === 'secret'
        ? `the worker has no such secret: set ${variableOf(root.secret)} there, or put it into the file ${root.secret} of TQ_SECRETS_DIR`
        : 'there is no such value (yet)'
    return new ExpressionError(expression.source, expression.at, reason)
  }
  let index = 0
  while (index < path.length) {
    const next: Json | undefined = step(value, path[index]!)
    if (next === undefined) break
    value = next
    index++
  }
  return new ExpressionError(expression.source, expression.at, absent(path[index]!, value))
}

const absent = (segment: string, value: Json): string => {
  if (Array.isArray(value)) return `there is no "${segment}" in a list of ${value.length}`
  if (typeof value !== 'object' || value === null) return `there is no "${segment}" in ${describe(value)}`
  const keys = Object.keys(value)
  const near = nearest(segment, keys)
  if (near !== undefined) return `there is no "${segment}"; did you mean "${near}"?`
  const known = keys.slice(0, 5).map(key => `"${key}"`)
  return `there is no "${segment}"; there is ${known.length > 0 ? known.join(', ') : 'nothing'}${keys.length > 5 ? ' …' : ''}`
}
