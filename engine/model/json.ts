/** A value as JSON has it: what inputs, outputs and errors are made of. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A JSON object, for places where a list or a scalar would be wrong. */
export type JsonObject = { [key: string]: Json }

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
