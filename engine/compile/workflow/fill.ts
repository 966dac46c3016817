import { isObject, type Json } from '../../model/json.ts'
import type { ForEachPart, Template } from '../../model/plan.ts'
import { signature } from '../../model/helpers/index.ts'
import { type Compilation, type Item, report } from '../compilation.ts'
import { checkDefaultInput } from './defaultInput.ts'
import { compilePassed } from './passed.ts'
import { applyPolicy, maxFailures } from './policy.ts'
import { rootNames } from '../expression/root.ts'
import { rewrite } from '../expression/rewrite.ts'
import type { View } from '../expression/scope.ts'
import { compileValue } from '../expression/template.ts'
import { itemOf, names, typesOf } from '../expression/type.ts'

/**
 * Fills the laid-out nodes with what their steps say: policies, conditions, inputs, loops. A node's `output` is
 * compiled when its members are done, because it sees them.
 */
export const fill = (compilation: Compilation): void => {
  const open: Item[] = []
  const closeUntil = (id: number): void => {
    while (open.length > 0 && open.at(-1)!.node.end <= id) fillOutput(compilation, open.pop()!)
  }
  for (const item of compilation.items) {
    closeUntil(item.id)
    if (!item.broken && !item.embedded) fillItem(compilation, item)
    open.push(item)
  }
  closeUntil(compilation.items.length)
}

/** A forEach takes `when` and `allowFailure`; the step it wraps takes everything else (L8). */
const fillItem = (compilation: Compilation, item: Item): void => {
  const { node, step } = item
  if (node.kind === 'any') return
  const wrapped = item.scope.kind === 'loop'
  if (!wrapped) {
    if (step.when !== undefined) setCondition(compilation, item)
    if (step.allowFailure === true) node.allowFailure = true
    if (step.needs !== undefined && !inFlow(item)) {
      report(compilation, { owner: step, key: 'needs' }, 'MISPLACED_FIELD', '"needs" belongs to the steps of a flow', {
        at: 'key',
      })
    }
  }
  if (node.kind === 'forEach') {
    fillForEach(compilation, item)
    return
  }
  applyPolicy(compilation, item)
  if (node.call) {
    const { workflow: name, inputs } = node.call
    node.with = compilePassed(compilation, { at: item, inside: false }, step, { name, inputs }) ?? { value: {} }
  } else if (step.with !== undefined && node.parent !== -1) fillInput(compilation, item)
  else if (checkPrevious(compilation, item)) checkDefaultInput(compilation, item)
}

const inFlow = ({ scope }: Item): boolean => scope.kind === 'members' && scope.form === 'flow'

const setCondition = (compilation: Compilation, item: Item): void => {
  const when = condition(compilation, { at: item, inside: false }, item.step, 'when')
  if (when) item.node.when = when
}

/** An expression that must be boolean. */
const condition = (
  compilation: Compilation,
  view: View,
  owner: { [key: string]: Json },
  key: string,
): Template | undefined => {
  const place = { owner, key }
  const compiled = compileValue(compilation, view, place, owner[key]!)
  const types = compiled && typesOf(compiled.known)
  if (!types || types.has('boolean')) return compiled?.template
  report(
    compilation,
    place,
    'TYPE_MISMATCH',
    `a condition is true or false; this is ${names(types)}${asCondition(owner[key]!)}`,
  )
  return undefined
}

/** How the text that stands there may have been meant. */
const asCondition = (written: Json): string => {
  if (typeof written !== 'string') return ''
  const path = /^\s*\{\{\s*([\w.-]+)\s*\}\}\s*$/.exec(written)?.[1]
  if (path) return `; compare it, as {{ eq ${path} 'x' }} does`
  if (/^[\w.-]+$/.test(written)) return `; write "{{ ${written} }}"`
  const expression = rewrite(written.replaceAll(/\{\{\s*|\s*\}\}/g, ''))?.rewritten
  return expression ? `; write "{{ ${expression} }}"` : ''
}

const fillInput = (compilation: Compilation, item: Item): void => {
  const { step, task } = item
  const schema = task && !task.broken && isObject(task.spec.inputSchema) ? task.spec.inputSchema : undefined
  const view: View = { at: item, inside: false, ...(item.node.kind === 'task' ? { secrets: 'here' } : {}) }
  const compiled = compileValue(compilation, view, { owner: step, key: 'with' }, step.with!, schema)
  if (compiled) item.node.with = compiled.template
}

/** What may have failed gives no certain input to the next: that one says what it gets (L5). */
const checkPrevious = (compilation: Compilation, item: Item): boolean => {
  const { input } = item.node
  const sources = input.from === 'previous' ? input.of : input.from === 'header' ? [input.node] : []
  for (const id of sources) {
    const source = compilation.items[id]!
    const why = doubt(source, input.from === 'header')
    if (why === undefined) continue
    const name = typeof source.step.id === 'string' ? `"${source.step.id}"` : source.node.path
    const message = `the step before (${name}) ${why}; say with \`with\` what this step gets`
    report(compilation, item.place, 'MAY_BE_MISSING', message, { at: 'key' })
    return false
  }
  return true
}

/** A header that is a group always gives a list; a forEach in its place may give nothing. */
const doubt = ({ node, step }: Item, header: boolean): string | undefined => {
  if (header && node.kind !== 'forEach') return undefined
  if (step.allowFailure === true) return 'may have failed (allowFailure)'
  return header && step.when !== undefined ? 'may be skipped (when)' : undefined
}

const fillForEach = (compilation: Compilation, item: Item): void => {
  const { step } = item
  const written = step.forEach
  if (!isObject(written)) return
  const { in: list, as, concurrency, batch } = written
  checkItemName(compilation, written)
  const compiled = compileValue(compilation, { at: item, inside: false }, { owner: written, key: 'in' }, list!)
  const types = compiled && typesOf(compiled.known)
  if (types && !types.has('array')) {
    report(compilation, { owner: written, key: 'in' }, 'TYPE_MISMATCH', `\`in\` is a list; this is ${names(types)}`)
  }
  const each = itemOf(compiled?.known)
  if (each) item.itemSchema = each
  const inner: View = { at: compilation.items[item.id + 1]!, inside: false }
  const where = written.where === undefined ? undefined : condition(compilation, inner, written, 'where')
  const key =
    written.key === undefined
      ? undefined
      : compileValue(compilation, inner, { owner: written, key: 'key' }, written.key)
  if (typeof batch === 'number') item.itemSchema = { type: 'array', ...(each ? { items: each } : {}) }
  const part: ForEachPart = {
    in: compiled?.template ?? { value: [] },
    as: typeof as === 'string' ? as : 'item',
    ...(where ? { where } : {}),
    ...(key ? { key: key.template } : {}),
    ...(typeof concurrency === 'number' ? { concurrency } : {}),
    ...(typeof batch === 'number' ? { batch } : {}),
    maxFailures: maxFailures(written.maxFailures),
    stopOnFailure: written.stopOnFailure === true,
  }
  item.node.forEach = part
}

/** A name that already means something could be read in two ways (L11). */
const checkItemName = (compilation: Compilation, written: { [key: string]: Json }): void => {
  const { as } = written
  if (typeof as !== 'string') return
  const taken =
    as === 'config' || rootNames.includes(as) ? 'a root of every path' : signature(as) ? 'a helper' : undefined
  if (taken)
    report(
      compilation,
      { owner: written, key: 'as' },
      'INVALID_NAME',
      `"${as}" is ${taken}; give the item another name`,
    )
}

const fillOutput = (compilation: Compilation, item: Item): void => {
  const { node, step } = item
  if (item.broken || node.kind === 'forEach' || step.output === undefined) return
  const compiled = compileValue(compilation, { at: item, inside: true }, { owner: step, key: 'output' }, step.output)
  if (!compiled) return
  node.output = compiled.template
  item.shaped = { schema: compiled.known }
}
