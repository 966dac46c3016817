import { isObject, type Json, type JsonObject } from '../../model/json.ts'
import { helperNames } from '../../model/helpers/index.ts'
import type { Root } from '../../model/plan.ts'
import { didYouMean } from '../../model/similar.ts'
import { rootCalled } from '../schema/borrowed.ts'
import type { Compilation } from '../compilation.ts'
import { errorFields, type Fields, loopFields, runFields } from './field.ts'
import { knownOutput } from './output.ts'
import { type Form, type Resolving, type Rooted, segmentSpan, unknownRoot, type WrittenPath } from './resolving.ts'
import { blocksAround, itemName, loops } from './scope.ts'
import { fromStep } from './stepRoot.ts'

/** What the beginning of a path means where it stands; undefined where it was reported as wrong. */
export const rootOf = (
  resolving: Resolving,
  written: WrittenPath,
  name: string,
  path: string[],
  covered: boolean,
  form: Form,
): Rooted => {
  const { compilation, view } = resolving
  if (compilation.trigger) return fromTrigger(resolving, written, name, compilation.trigger)
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

/** The expressions of a trigger see what fired it, and nothing of a run: there is none yet. */
const fromTrigger = (
  resolving: Resolving,
  written: WrittenPath,
  name: string,
  { kind, root }: { kind: string; root: JsonObject },
): Rooted => {
  if (name === 'trigger') return { root: { name }, used: 0, checked: 0, known: root, title: '"trigger"' }
  const fields = Object.keys(root.properties as JsonObject)
  if (fields.includes(name))
    return unknownRoot(resolving, written, `nothing is called "${name}" here; did you mean "trigger.${name}"?`)
  const seen = `a ${kind} sees "trigger" alone, with ${fields.join(', ')}`
  if (rootNames.includes(name)) return unknownRoot(resolving, written, `"${name}" is of a run; ${seen}`)
  const hint = didYouMean(name, ['trigger', 'config', ...helperNames]) || `; ${seen}`
  return unknownRoot(resolving, written, `nothing is called "${name}" here${hint}`)
}

const itemsOf = (path: string): string => `forEach "${path}"`

export const rootNames = ['inputs', 'steps', 'run', 'error', 'errors', 'loop', 'self']

/** A path that starts with an input's or a step's name most likely lacks its root. */
const unknownName = ({ inputs, items }: Compilation, name: string, itemNames: string[]): string => {
  const lead = `nothing is called "${name}" here`
  if (Object.hasOwn(inputs, name)) return `${lead}; did you mean "inputs.${name}"?`
  if (items.some(item => item.step.id === name)) return `${lead}; did you mean "steps.${name}"?`
  if (name === 'item' && itemNames.length > 0) return `${lead}; the item is called "${itemNames[0]}"`
  return `${lead}${rootCalled(name) || didYouMean(name, [...rootNames, 'config', ...itemNames]) || didYouMean(name, helperNames) || `; a path starts with ${rootNames.slice(0, 3).join(', ')}, …`}`
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
