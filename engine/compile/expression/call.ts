import { helperNames, signature } from '../../model/helpers/index.ts'
import type { Expression } from '../../model/plan.ts'
import { didYouMean } from '../../model/similar.ts'
import { resolve } from './resolve.ts'
import { helperCalled } from '../schema/borrowed.ts'
import type { Resolved, Resolving, WrittenCall } from './resolving.ts'
import { rewrite } from './rewrite.ts'
import { forArguments, isSecret, resolveSecret } from './secret.ts'
import { type Known, names, typesOf } from './type.ts'

/** Resolves the call of a helper: there is one, it has as many arguments as it wants, and of the types it wants. */
export const resolveCall = (resolving: Resolving, written: WrittenCall): Resolved => {
  const { helper, source } = written
  if (isSecret(helper)) return resolveSecret(resolving, written)
  const definition = signature(helper)
  if (!definition) return unknownHelper(resolving, written)
  if (written.args.length < definition.min || written.args.length > definition.max) {
    resolving.report('INVALID_ARGUMENTS', arity(helper, definition, written.args.length), written)
    return undefined
  }
  const inner = forArguments(resolving, helper)
  const args = written.args.map((arg, index) =>
    resolve(inner, arg, helper === 'coalesce' || (helper === 'default' && index === 0)),
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
  if (hint) resolving.report('INVALID_EXPRESSION', `${hint.reason}; write {{ ${hint.rewritten} }}`, written)
  else {
    const span = { start: written.start, end: written.start + written.helper.length }
    resolving.report(
      'UNKNOWN_HELPER',
      `there is no helper "${written.helper}"${helperCalled(written.helper) || didYouMean(written.helper, [...helperNames, 'secret']) || `; there are ${helperNames.join(', ')}`}`,
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
