import { jobErrorNames } from '../../model/errors.ts'
import type { Json, JsonObject } from '../../model/json.ts'
import { isObject } from '../../model/json.ts'
import { didYouMean } from '../../model/similar.ts'
import { type Compilation, type Item, report } from '../compilation.ts'

/** Checks the error names in a task's `retry` and `onError` against those that its Task declares and the built-in ones. */
export const checkErrorNames = (compilation: Compilation, item: Item): void => {
  const { step, task, node } = item
  if (node.kind !== 'task' || !task || task.broken || !Array.isArray(task.spec.errors)) return
  const known = [...(task.spec.errors as string[]), ...jobErrorNames]
  if (isObject(step.retry)) checkRetryNames(compilation, step.retry, known, task.name)
  if (!Array.isArray(step.onError)) return
  for (const handler of step.onError) if (isObject(handler)) checkNames(compilation, handler.on, known, task.name)
}

/** Checks the `only` and `except` of a retry. */
export const checkRetryNames = (compilation: Compilation, retry: JsonObject, known: string[], task: string): void => {
  checkNames(compilation, retry.only, known, task)
  checkNames(compilation, retry.except, known, task)
}

const checkNames = (compilation: Compilation, names: Json | undefined, known: string[], task: string): void => {
  if (!Array.isArray(names)) return
  names.forEach((name, key) => {
    if (typeof name !== 'string' || known.includes(name)) return
    const message = `task "${task}" declares no error "${name}"${didYouMean(name, known)}`
    report(compilation, { owner: names, key }, 'UNKNOWN_ERROR_NAME', message)
  })
}
