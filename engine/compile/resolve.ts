import { helperNames, signature } from '../model/helpers/index.ts'
import type { Json, JsonObject } from '../model/json.ts'
import { isObject } from '../model/json.ts'
import type { Expression, Root } from '../model/plan.ts'
import { didYouMean } from '../model/similar.ts'
import type { Compilation } from './compilation.ts'
import type { DiagnosticCode } from './diagnostic.ts'
import { knownOutput } from './output.ts'
import { blocksAround, find, type Found, loops, type View } from './scope.ts'
import { rewrite, type Written } from './syntax.ts'
import { fallbackFor, itemOf, type Known, names, schemaOfValue, stepInto, typesOf } from './type.ts'

/** An expression with its names resolved, and what is known of its value. Undefined where it was reported as wrong. */
export type Resolved = { expression: Expression; known: Known } | undefined

/** Whether an expression is a scalar alone, stands in a text, or is a part of another expression. */
type Form = 'whole' | 'text' | 'part'

/** What resolving needs to know about the place: where it stands, and how to report about a part of the scalar. */
export type Resolving = {
  compilation: Compilation
  view: View
  at: string
  report: (code: DiagnosticCode, message: string, span: { start: number; end: number }) => void
}

/**
 * Resolves the names of an expression: what they mean where it stands, whether it can be there by then, and whether
 * the helpers get what they want.
 *
 * @param covered true where a missing value is provided for (in `default`, `coalesce`)
 */
export const resolve = (resolving: Resolving, written: Written, covered = false, form: Form = 'part'): Resolved => {
  if (written.kind === 'literal') {
    return { expression: { kind: 'literal', value: written.value }, known: schemaOfValue(written.value) }
  }
  if (written.kind === 'call') return resolveCall(resolving, written)
  return isCall(resolving, written)
    ? resolveCall(resolving, { ...written, kind: 'call', helper: written.source, args: [] })
    : resolvePath(resolving, written, covered, form)
}

type WrittenPath = Extract<Written, { kind: 'path' }>
type WrittenCall = Extract<Written, { kind: 'call' }>

/** `{{ list }}`: a helper without arguments looks like a path. */
const isCall = ({ view }: Resolving, { segments, source }: WrittenPath): boolean =>
  segments.length === 1 && signature(source) !== undefined && !loops(view).some(loop => itemName(loop.step) === source)

const itemName = (step: JsonObject): string =>
  isObject(step.forEach) && typeof step.forEach.as === 'string' ? step.forEach.as : 'item'

const resolveCall = (resolving: Resolving, written: WrittenCall): Resolved => {
  const { helper, source } = written
  const definition = signature(helper)
  if (!definition) return unknownHelper(resolving, written)
  if (written.args.length < definition.min || written.args.length > definition.max) {
    resolving.report('INVALID_ARGUMENTS', arity(helper, definition, written.args.length), written)
    return undefined
  }
  const args = written.args.map((arg, index) =>
    resolve(resolving, arg, helper === 'coalesce' || (helper === 'default' && index === 0)),
  )
  if (args.some(arg => arg === undefined)) return undefined
  const resolved = args as NonNullable<Resolved>[]
  if (!argumentsFit(resolving, written, definition.args, resolved)) return undefined
  const expression: Expression = {
    kind: 'call',
    helper,
    args: resolved.map(arg => arg.expression),
    source,
    at: resolving.at,
  }
  return { expression, known: result(helper, definition.gives, resolved) }
}

const unknownHelper = (resolving: Resolving, written: WrittenCall): undefined => {
  const hint = rewrite(written.source)
  if (written.helper === 'secret') resolving.report('NOT_YET', 'the helper "secret" is not supported yet', written)
  else if (hint) resolving.report('INVALID_EXPRESSION', `${hint.reason}; write {{ ${hint.rewritten} }}`, written)
  else {
    const span = { start: written.start, end: written.start + written.helper.length }
    resolving.report(
      'UNKNOWN_HELPER',
      `there is no helper "${written.helper}"${didYouMean(written.helper, helperNames)}`,
      span,
    )
  }
  return undefined
}

const arity = (helper: string, { min, max }: { min: number; max: number }, given: number): string => {
  if (helper === 'default' && given === 1)
    return '"default" wants a second argument, for example (list), (object) or \'\''
  const count = min === max ? `${min}` : max >= 100 ? `at least ${min}` : `${min} to ${max}`
  return `"${helper}" wants ${count} argument${count === '1' || count === 'at least 1' ? '' : 's'}, not ${given}`
}

const argumentsFit = (
  resolving: Resolving,
  written: WrittenCall,
  types: string[],
  args: NonNullable<Resolved>[],
): boolean =>
  args.every((arg, index) => {
    const wanted = helperTypes[types[Math.min(index, types.length - 1)]!]
    const found = typesOf(arg.known)
    if (!wanted || !found || [...found].some(type => wanted.includes(type))) return true
    const message = `"${written.helper}" wants ${names(new Set(wanted.slice(0, wanted.includes('integer') ? 1 : 2)))} here, not ${names(found)}`
    resolving.report('TYPE_MISMATCH', message, written.args[index]!)
    return false
  })

const helperTypes: { [type: string]: string[] | undefined } = {
  boolean: ['boolean'],
  number: ['number', 'integer'],
  string: ['string'],
  list: ['array'],
  object: ['object'],
  'text-or-list': ['string', 'array'],
}

const result = (helper: string, gives: string, args: NonNullable<Resolved>[]): Known => {
  if (helper === 'default') return sameTypes(args[0]!.known, args[1]!.known)
  if (helper === 'if') return sameTypes(args[1]!.known, args[2]!.known)
  const types = helperTypes[gives]
  return types && { type: types[0]! }
}

/** What is known of a value that is one of two. */
const sameTypes = (a: Known, b: Known): Known => {
  const [first, second] = [typesOf(a), typesOf(b)]
  return first && second ? { type: [...new Set([...first, ...second])] } : undefined
}

const resolvePath = (resolving: Resolving, written: WrittenPath, covered: boolean, form: Form): Resolved => {
  const [name, ...path] = written.segments as [string, ...string[]]
  const root = rootOf(resolving, written, name, path, covered, form)
  if (!root) return undefined
  let known = root.known
  for (let index = root.checked; index < path.length; index++) {
    const step = stepInto(known, path[index]!)
    if ('absent' in step) {
      const message = `${root.title} has no "${path[index]}"${didYouMean(path[index]!, step.absent)}`
      resolving.report('UNKNOWN_REFERENCE', message, segmentSpan(written, index + 1))
      return undefined
    }
    known = step.known
  }
  const expression: Expression = {
    kind: 'path',
    root: root.root,
    path: path.slice(root.used),
    source: written.source,
    at: resolving.at,
  }
  return { expression, known }
}

/** A path's beginning: the root, how many segments after its name belong to it, and how many are known to be there. */
type Rooted = { root: Root; used: number; checked: number; known: Known; title: string } | undefined

const rootOf = (
  resolving: Resolving,
  written: WrittenPath,
  name: string,
  path: string[],
  covered: boolean,
  form: Form,
): Rooted => {
  const { compilation, view } = resolving
  const surrounding = loops(view)
  const loop = surrounding.find(one => itemName(one.step) === name)
  if (loop) {
    const known = loop.itemSchema
    return {
      root: { name: 'item', loop: loop.id },
      used: 0,
      checked: 0,
      known,
      title: `an item of ${itemsOf(loop.node.path)}`,
    }
  }
  switch (name) {
    case 'inputs':
      return fromInputs(resolving, written, path)
    case 'steps':
      return fromStep(resolving, written, path, covered, form)
    case 'run':
      return withFields(resolving, written, 'run', runFields)
    case 'loop': {
      const around = surrounding[0]
      if (!around) return unknownRoot(resolving, written, '"loop" is known only inside of a forEach')
      const rooted = withFields(resolving, written, 'loop', loopFields)
      return rooted && { ...rooted, root: { name: 'loop', loop: around.id } }
    }
    case 'self':
      if (!view.inside) return unknownRoot(resolving, written, '"self" is known only in the `output` of a step')
      return fromSelf(resolving, written)
    case 'error':
    case 'errors':
      return fromError(resolving, written, name)
    case 'trigger':
    case 'config':
      resolving.report('NOT_YET', `"${name}" is not supported yet`, written)
      return undefined
    default:
      return unknownRoot(
        resolving,
        written,
        unknownName(
          compilation,
          name,
          surrounding.map(one => itemName(one.step)),
        ),
      )
  }
}

const itemsOf = (path: string): string => `forEach "${path}"`

const unknownRoot = (resolving: Resolving, written: WrittenPath, message: string): undefined => {
  resolving.report('UNKNOWN_REFERENCE', message, segmentSpan(written, 0))
  return undefined
}

export const rootNames = ['inputs', 'steps', 'run', 'error', 'errors', 'loop', 'self']

/** A path that starts with an input's or a step's name most likely lacks its root. */
const unknownName = ({ inputs, items }: Compilation, name: string, itemNames: string[]): string => {
  const lead = `nothing is called "${name}" here`
  if (Object.hasOwn(inputs, name)) return `${lead}; did you mean "inputs.${name}"?`
  if (items.some(item => item.step.id === name)) return `${lead}; did you mean "steps.${name}"?`
  return `${lead}${didYouMean(name, [...rootNames, ...itemNames, ...helperNames]) || `; a path starts with ${rootNames.slice(0, 3).join(', ')}, …`}`
}

const fromInputs = (resolving: Resolving, written: WrittenPath, path: string[]): Rooted => {
  const { inputs } = resolving.compilation
  const root = { name: 'inputs' } as const
  const name = path[0]
  if (name === undefined) return { root, used: 0, checked: 0, known: { type: 'object' }, title: 'the inputs' }
  if (!Object.hasOwn(inputs, name)) {
    const message = `there is no input "${name}"${didYouMean(name, Object.keys(inputs))}`
    resolving.report('UNKNOWN_REFERENCE', message, segmentSpan(written, 1))
    return undefined
  }
  const schema: Json = inputs[name]!
  return { root, used: 0, checked: 1, known: isObject(schema) ? schema : undefined, title: `input "${name}"` }
}

type Fields = { [field: string]: JsonObject | undefined }

const runFields: Fields = {
  id: { type: 'string' },
  workflow: { type: 'string' },
  startedAt: { type: 'string' },
  state: { type: 'string' },
}
const loopFields: Fields = { index: { type: 'integer' }, key: undefined }
const errorFields: Fields = {
  name: { type: 'string' },
  message: { type: 'string' },
  step: { type: 'string' },
  stack: { type: 'string' },
}
const stepFields: Fields = {
  output: undefined,
  state: { type: 'string' },
  error: { type: 'object', properties: errorFields as JsonObject },
  attempts: { type: 'integer' },
  startedAt: { type: 'string' },
  endedAt: { type: 'string' },
}

/** A root whose fields are all known. */
const withFields = (
  resolving: Resolving,
  written: WrittenPath,
  name: 'run' | 'loop' | 'error',
  fields: Fields,
): Rooted => {
  const field = written.segments[1]
  const list = Object.keys(fields).join(', ')
  const root = { name } as Root
  if (field === undefined && name === 'error') {
    return { root, used: 0, checked: 0, known: { type: 'object' }, title: 'an error' }
  }
  if (field === undefined || !Object.hasOwn(fields, field)) {
    const message =
      field === undefined
        ? `"${name}" has fields: ${list}`
        : `"${name}" has no "${field}"${didYouMean(field, Object.keys(fields)) || `; it has ${list}`}`
    resolving.report('UNKNOWN_REFERENCE', message, segmentSpan(written, field === undefined ? 0 : 1))
    return undefined
  }
  return { root, used: 0, checked: 1, known: fields[field], title: `"${name}.${field}"` }
}

const fromSelf = (resolving: Resolving, written: WrittenPath): Rooted => {
  if (written.segments[1] !== 'output')
    return unknownRoot(resolving, written, 'write "self.output": the step\'s own result')
  const { at } = resolving.view
  return {
    root: { name: 'self' },
    used: 0,
    checked: 1,
    known: knownOutput(resolving.compilation, at, 'raw'),
    title: 'the output of this step',
  }
}

const fromError = (resolving: Resolving, written: WrittenPath, name: 'error' | 'errors'): Rooted => {
  const blocks = blocksAround(resolving.view)
  if (!blocks.some(block => block.node.role === 'onError')) {
    return unknownRoot(resolving, written, `"${name}" is known only inside of onError`)
  }
  if (name === 'error') return withFields(resolving, written, 'error', errorFields)
  const workflows = blocks.some(block => block.node.parent === 0 && block.node.role === 'onError')
  if (!workflows) return unknownRoot(resolving, written, '"errors" is known only inside of the workflow\'s onError')
  return { root: { name: 'errors' }, used: 0, checked: 0, known: { type: 'array' }, title: 'the list of errors' }
}

const fromStep = (resolving: Resolving, written: WrittenPath, path: string[], covered: boolean, form: Form): Rooted => {
  const { compilation, view } = resolving
  const [id, field] = path
  if (id === undefined) return unknownRoot(resolving, written, 'name a step and a field: steps.<id>.output')
  const found = find(view, id)
  if (found.kind === 'unknown') {
    if (compilation.broken.size > 0 && brokenId(compilation, id)) return undefined
    resolving.report('UNKNOWN_REFERENCE', unknownStep(compilation, id, found.candidates), segmentSpan(written, 1))
    return undefined
  }
  if (found.kind === 'notYet') {
    resolving.report('NOT_YET_RUN', found.reason, written)
    return undefined
  }
  const { item } = found
  const fields = item.node.kind === 'forEach' ? { ...stepFields, failedKeys: { type: 'array' } } : stepFields
  if (field === undefined || !Object.hasOwn(fields, field)) {
    const list = Object.keys(fields)
    const message =
      field === undefined
        ? `name a field: steps.${id}.output`
        : `a step has no "${field}"${didYouMean(field, list) || `; it has ${list.join(', ')}`}`
    resolving.report('UNKNOWN_REFERENCE', message, segmentSpan(written, field === undefined ? 1 : 2))
    return undefined
  }
  const known = field === 'output' ? knownOutput(compilation, item, 'shaped') : fields[field as keyof typeof fields]
  const doubt = covered ? undefined : doubtOf(found, field, id)
  if (doubt) {
    const fallback = fallbackFor(typeAtEnd(known, path.slice(2)))
    // A null cannot be put into text.
    const safe = `default ${written.source} ${form === 'text' && fallback === 'null' ? "''" : fallback}`
    resolving.report('MAY_BE_MISSING', `${doubt}; write ${form === 'part' ? `(${safe})` : `{{ ${safe} }}`}`, written)
    return undefined
  }
  const title =
    item.task && field === 'output' && item.node.kind === 'task'
      ? `the output of task "${item.task.name}"`
      : `"steps.${id}.${field}"`
  return { root: { name: 'step', node: item.id }, used: 1, checked: 2, known, title }
}

/** Why a field of a step that has ended may be missing. Its error is missing unless it failed. */
const doubtOf = (found: Extract<Found, { kind: 'ended' }>, field: string, id: string): string | undefined => {
  if (field === 'error') return found.failed || found.own ? undefined : `step "${id}" has an error only where it failed`
  if (field === 'output' || field === 'failedKeys') return found.doubt
  if (found.own) return undefined
  if (found.block) return found.doubt
  return field !== 'state' && field !== 'endedAt' && found.item.step.when !== undefined ? found.doubt : undefined
}

const typeAtEnd = (known: Known, path: string[]): Known =>
  path.reduce<Known>((schema, segment) => {
    const step = stepInto(schema, segment)
    return 'absent' in step ? undefined : step.known
  }, known)

const brokenId = ({ items }: Compilation, id: string): boolean => items.some(item => item.broken && item.step.id === id)

/** An id that another scope has is invisible here; one that nothing has is a typo. */
const unknownStep = ({ items }: Compilation, id: string, candidates: string[]): string => {
  const hint = didYouMean(id, candidates)
  const inner = hint === '' ? items.find(item => item.step.id === id) : undefined
  if (inner)
    return `step "${id}" stands inside of "${inner.node.path.split('/').slice(0, -1).join('/') || 'another step'}" and is not seen from here`
  return `there is no step "${id}"${hint}`
}

/** Where a segment of a path stands in the scalar; segments in brackets count with them. */
const segmentSpan = (written: WrittenPath, index: number): { start: number; end: number } => {
  const { source, segments } = written
  let at = 0
  for (let before = 0; before < index; before++) {
    at = source.indexOf(segments[before]!, at) + segments[before]!.length
  }
  const start = source.indexOf(segments[index]!, at)
  return start < 0 ? written : { start: written.start + start, end: written.start + start + segments[index]!.length }
}

/** What is known of the items of a forEach's list. */
export const loopItem = (list: Known): JsonObject | undefined => itemOf(list)
