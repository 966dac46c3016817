import { signature } from '../../model/helpers/index.ts'
import type { Expression } from '../../model/plan.ts'
import { didYouMean } from '../../model/similar.ts'
import { resolveCall } from './call.ts'
import { type Form, type Resolved, type Resolving, segmentSpan, type WrittenPath } from './resolving.ts'
import { rootOf } from './root.ts'
import { itemName, loops } from './scope.ts'
import { isSecret } from './secret.ts'
import type { Written } from './syntax.ts'
import { schemaOfValue, stepInto } from './type.ts'

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

/** `{{ list }}`, `{{ secret }}`: a helper without arguments looks like a path. */
const isCall = ({ view }: Resolving, { segments, source }: WrittenPath): boolean =>
  segments.length === 1 &&
  (signature(source) !== undefined || isSecret(source)) &&
  !loops(view).some(loop => itemName(loop.step) === source)

const resolvePath = (resolving: Resolving, written: WrittenPath, covered: boolean, form: Form): Resolved => {
  const [name, ...path] = written.segments as [string, ...string[]]
  const root = rootOf(resolving, written, name, path, covered, form)
  if (!root) return undefined
  let known = root.known
  for (let index = root.checked; index < path.length; index++) {
    const step = stepInto(known, path[index]!)
    if ('absent' in step) {
      const few = step.absent.length > 0 && step.absent.length <= 12
      const hint = didYouMean(path[index]!, step.absent) || (few ? `; it has ${step.absent.join(', ')}` : '')
      const message = `${root.title} has no "${path[index]}"${hint}`
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
