import type { Json } from '../json.ts'
import { dateHelpers } from './date.ts'
import { listHelpers } from './list.ts'
import { logicHelpers } from './logic.ts'
import { textHelpers } from './text.ts'

/** What an argument may be, or a result is; `any` is every JSON value. */
export type HelperType = 'any' | 'boolean' | 'number' | 'string' | 'list' | 'object' | 'text-or-list'

/** A helper: pure, and either total or a `RangeError` that says what it wanted. */
export type Helper = {
  /** The types of the arguments; the last one repeats where `max` allows more. */
  args: HelperType[]
  min: number
  max: number
  gives: HelperType
  run: (...args: Json[]) => Json
}

/**
 * Helpers that look at their arguments one by one and may leave some unread: `default` needs to know that its first is
 * missing, `if`, `and` and `or` read only what decides. `evaluate` does them itself.
 */
export const lazyHelpers: { [name: string]: Omit<Helper, 'run'> } = {
  default: { args: ['any'], min: 2, max: 2, gives: 'any' },
  coalesce: { args: ['any'], min: 1, max: 100, gives: 'any' },
  if: { args: ['boolean', 'any'], min: 3, max: 3, gives: 'any' },
  and: { args: ['boolean'], min: 1, max: 100, gives: 'boolean' },
  or: { args: ['boolean'], min: 1, max: 100, gives: 'boolean' },
}

export const helpers: { [name: string]: Helper } = {
  ...logicHelpers,
  ...listHelpers,
  ...textHelpers,
  ...dateHelpers,
}

export const helperNames: string[] = [...Object.keys(lazyHelpers), ...Object.keys(helpers)].sort()

/** The signature of a helper, lazy or not; undefined where there is none. */
export const signature = (name: string): Omit<Helper, 'run'> | undefined =>
  Object.hasOwn(helpers, name) ? helpers[name] : Object.hasOwn(lazyHelpers, name) ? lazyHelpers[name] : undefined
