import { evaluate, type Scope } from '../model/expression.ts'
import type { Json } from '../model/json.ts'
import type { ForEachPart } from '../model/plan.ts'
import type { HeldJob } from '../store/job.ts'
import { reserve } from '../store/open.ts'
import type { Sql } from '../store/sql.ts'
import { type Action, itemShape, jobError, noAttempt } from './action.ts'
import { finish } from './finish.ts'
import type { LoadedPlan } from './plans.ts'
import { chunkSize } from './values.ts'

/** Items that have a row at once where the manifest sets no `concurrency`: enough for many workers, little to keep. */
const window = 2048

/** Starts a forEach (semantics L8): items are evaluated once, stored in chunks, and made in a window. */
export const expand = async (sql: Sql, job: HeldJob, loaded: LoadedPlan, scope: Scope): Promise<Action> => {
  const node = loaded.nodes[job.node]!
  const each = node.forEach!
  const items = batched(chosen(listOf(node.path, each, scope), job.node, each, scope), each.batch)
  if (items.length === 0) return finish(job, loaded, { state: 'succeeded', output: [], error: null }, noAttempt)
  const keys = each.key ? keysOf(node.path, items, job.node, each, scope) : null
  const shape = itemShape(loaded, job.node)
  const { run, n, attempt } = job
  const first = await reserve(sql, {
    run,
    n,
    count: items.length * shape.stride,
    chunks: chunksOf(items),
    keys: keys && chunksOf(keys),
  })
  const limit = 'count' in each.maxFailures ? each.maxFailures.count : Math.floor(each.maxFailures.share * items.length)
  return {
    do: 'loop',
    job,
    loop: {
      run,
      n,
      attempt,
      total: items.length,
      first,
      ...shape,
      window: Math.min(items.length, each.concurrency ?? window),
      stopAbove: each.stopOnFailure ? limit : null,
    },
  }
}

const listOf = (path: string, each: ForEachPart, scope: Scope): Json[] => {
  const list = evaluate(each.in, scope)
  if (!Array.isArray(list))
    throw jobError('ExpressionError', `\`forEach.in\` of ${path} gave ${typeName(list)}; it must be a list`)
  return list
}

const typeName = (value: Json): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`

/** The items that `where` lets through; it sees the item and its position in the whole list. */
const chosen = (list: Json[], loop: number, each: ForEachPart, scope: Scope): Json[] =>
  each.where ? list.filter((item, index) => evaluate(each.where!, itemScope(scope, loop, item, index)) === true) : list

const batched = (list: Json[], size: number | undefined): Json[] => {
  if (!size) return list
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
}

const keysOf = (path: string, items: Json[], loop: number, each: ForEachPart, scope: Scope): string[] => {
  const seen = new Map<string, number>()
  return items.map((item, index) => {
    const key = String(evaluate(each.key!, itemScope(scope, loop, item, index)))
    const before = seen.get(key)
    if (before !== undefined)
      throw jobError(
        'DuplicateKey',
        `items ${before} and ${index} of ${path} have the same key "${key}"; no item was started`,
      )
    seen.set(key, index)
    return key
  })
}

const itemScope = (scope: Scope, loop: number, item: Json, index: number): Scope => ({
  lookup: root => {
    if (root.name === 'item' && root.loop === loop) return item
    if (root.name === 'loop' && root.loop === loop) return { index, key: String(index) }
    return scope.lookup(root)
  },
})

const chunksOf = (list: Json[]): string[] =>
  Array.from({ length: Math.ceil(list.length / chunkSize) }, (_, i) =>
    JSON.stringify(list.slice(i * chunkSize, (i + 1) * chunkSize)),
  )
