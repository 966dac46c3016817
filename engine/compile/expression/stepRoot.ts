import { didYouMean } from '../../model/similar.ts'
import type { Compilation } from '../compilation.ts'
import { stepFields } from './field.ts'
import { knownOutput } from './output.ts'
import { type Form, type Resolving, type Rooted, segmentSpan, unknownRoot, type WrittenPath } from './resolving.ts'
import { find, type Found } from './scope.ts'
import { fallbackFor, type Known, stepInto } from './type.ts'

/** A path that starts from a step: whether it has ended there, and whether what is read of it is there for certain. */
export const fromStep = (
  resolving: Resolving,
  written: WrittenPath,
  path: string[],
  covered: boolean,
  form: Form,
): Rooted => {
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
