/**
 * tq's own error codes: the exit code of the command line, the HTTP status, and whether trying the same thing again can
 * help. `docs/errors.md` has a paragraph for each; a test holds them together. Diagnostics of manifests have codes of
 * their own (`compile/diagnostic.ts`).
 */
export const errorCodes = {
  INVALID_MANIFEST: { exit: 2, status: 422, retryable: false },
  INVALID_INPUT: { exit: 2, status: 422, retryable: false },
  INVALID_CONFIG: { exit: 2, status: 500, retryable: false },
  USAGE: { exit: 2, status: 400, retryable: false },
  INVALID_BODY: { exit: 2, status: 400, retryable: false },
  UNAUTHORIZED: { exit: 1, status: 401, retryable: false },
  METHOD_NOT_ALLOWED: { exit: 2, status: 405, retryable: false },
  TOO_LARGE: { exit: 2, status: 413, retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { exit: 2, status: 415, retryable: false },
  RATE_LIMITED: { exit: 1, status: 429, retryable: true },
  RUN_FAILED: { exit: 3, status: 500, retryable: false },
  STOPPING: { exit: 69, status: 503, retryable: true },
  NOT_FOUND: { exit: 6, status: 404, retryable: false },
  AMBIGUOUS: { exit: 2, status: 409, retryable: false },
  CONFLICT: { exit: 7, status: 409, retryable: false },
  TIMEOUT: { exit: 5, status: 504, retryable: true },
  BROKER_UNREACHABLE: { exit: 69, status: 503, retryable: true },
  DATABASE_UNREACHABLE: { exit: 69, status: 503, retryable: true },
  DATABASE_REFUSED: { exit: 77, status: 503, retryable: false },
  NO_REPLY: { exit: 69, status: 503, retryable: true },
  SCHEMA_OUTDATED: { exit: 69, status: 503, retryable: false },
  LEASE_LOST: { exit: 1, status: 500, retryable: true },
  INTERNAL: { exit: 1, status: 500, retryable: false },
} as const
export type ErrorCode = keyof typeof errorCodes

/** The one error class: what was found, where, what was expected, the way out; `details` for machines. */
export class TqError extends Error {
  readonly code: ErrorCode
  readonly details: Record<string, unknown>
  constructor(code: ErrorCode, message: string, details: Record<string, unknown> & { cause?: unknown } = {}) {
    const { cause, ...rest } = details
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'TqError'
    this.code = code
    this.details = rest
  }
}

/** Names of errors that the engine itself gives to jobs; `retry` and `onError` match them beside handlers' own. */
export const jobErrorNames = [
  'Timeout',
  'Cancelled',
  'WorkerLost',
  'ChildCrashed',
  'DuplicateKey',
  'InvalidInput',
  'InvalidOutput',
  'OutputTooLarge',
  'ExpressionError',
  'UnhandledRejection',
  'UncaughtException',
  'HandlerMissing',
  'HandlerInvalid',
  'NonError',
  'InternalError',
] as const

/** How a job failed, as data: the error of an outcome. */
export type JobError = {
  name: string
  message: string
  stack?: string
  /** The path of the step that failed, where the error is a container's. */
  step?: string
}
