import type { Context, Log } from '../runtime/context.ts'
import type { Endings } from '../runtime/hook/endings.ts'
import type { Hooks } from '../runtime/hook/hooks.ts'
import type { RejectionLog } from '../runtime/hook/rejections.ts'
import type { Secrets } from '../runtime/secret.ts'
import type { Metrics } from './metrics.ts'

/** What the routes work with. */
export type Serving = {
  context: Context
  log: Log
  hooks: Hooks
  secrets: Secrets
  rejections: RejectionLog
  endings: Endings
  metrics: Metrics
  maxBodyBytes: number
  /** Aborts when the server is to stop: what was accepted is answered, without waiting for results. */
  stopping: AbortSignal
}
