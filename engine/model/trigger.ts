import type { JsonObject } from './json.ts'
import type { Template } from './plan.ts'

/** What starts runs by itself, as compiled: immutable, kept where plans are, so that firing compiles nothing. */
export type Trigger = {
  /** As its document says: `Schedule`. */
  kind: string
  name: string
  /** The workflow it starts: its current revision when it fires. */
  workflow: string
  /** The inputs of the run, over the root `trigger`; absent: it passes nothing. */
  with?: Template
  /** Its other expressions, by the name of their field. */
  expressions: { [field: string]: Template }
  /** As written. */
  spec: JsonObject
}
