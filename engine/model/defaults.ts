import { isObject, type Json, type JsonObject } from './json.ts'

/** What was given, with defaults where nothing was. */
export const withDefaults = (declared: { [name: string]: Json }, given: JsonObject): JsonObject => ({
  ...Object.fromEntries(
    Object.entries(declared)
      .filter(([, schema]) => hasDefault(schema))
      .map(([name, schema]) => [name, (schema as JsonObject).default!]),
  ),
  ...given,
})

/** Whether an input may be left out. */
export const hasDefault = (schema: Json): boolean => isObject(schema) && Object.hasOwn(schema, 'default')
