import type { JsonObject } from '../../model/json.ts'

/** The fields of roots, and what is known of each. */
export type Fields = { [field: string]: JsonObject | undefined }

export const runFields: Fields = {
  id: { type: 'string' },
  workflow: { type: 'string' },
  startedAt: { type: 'string' },
  state: { type: 'string' },
}
export const loopFields: Fields = { index: { type: 'integer' }, key: undefined }
export const errorFields: Fields = {
  name: { type: 'string' },
  message: { type: 'string' },
  step: { type: 'string' },
  stack: { type: 'string' },
}
export const stepFields: Fields = {
  output: undefined,
  state: { type: 'string' },
  error: { type: 'object', properties: errorFields as JsonObject },
  attempts: { type: 'integer' },
  startedAt: { type: 'string' },
  endedAt: { type: 'string' },
}
