import { secretName } from '../../model/secret.ts'
import type { Resolved, Resolving, WrittenCall } from './resolving.ts'

export const isSecret = (helper: string): boolean => helper === 'secret'

/** Helpers that hand over one of their arguments as it is. */
const handsOver = ['default', 'coalesce']

/** What the arguments of a helper see: a secret that was changed would no longer be known where it must not be shown. */
export const forArguments = (resolving: Resolving, helper: string): Resolving => {
  const { view } = resolving
  if (view.secrets !== 'here' || handsOver.includes(helper)) return resolving
  return { ...resolving, view: { ...view, secrets: 'unchanged' } }
}

/**
 * `{{ secret 'mail/token' }}`: read by the worker when the job starts. It may stand where it reaches a handler and nothing else:
 * whatever else an expression gives is stored with the run.
 */
export const resolveSecret = (resolving: Resolving, written: WrittenCall): Resolved => {
  const { args, source } = written
  const { secrets } = resolving.view
  if (secrets !== 'here') {
    const message =
      secrets === 'unchanged'
        ? 'a secret is passed on as it is: alone, in a text, or in `default`; what a helper makes of it could not be told from other texts, and would be shown'
        : 'a secret may stand in the `with` of a step with `task:` and nowhere else: here it would be stored with the run'
    resolving.report('MISPLACED_SECRET', message, written)
    return undefined
  }
  const [name] = args
  if (args.length !== 1 || name?.kind !== 'literal' || typeof name.value !== 'string') {
    const message = '"secret" wants the name of a secret, written out: {{ secret \'mail/token\' }}'
    resolving.report('INVALID_ARGUMENTS', message, name ?? written)
    return undefined
  }
  if (!secretName.test(name.value)) {
    const message = `the name of a secret is words of a-z, 0-9 and single hyphens, joined by "/"; "${name.value}" is not`
    resolving.report('INVALID_NAME', message, name)
    return undefined
  }
  const root = { name: 'secret', secret: name.value } as const
  return { expression: { kind: 'path', root, path: [], source, at: resolving.at }, known: { type: 'string' } }
}
