import { errorCodes, TqError } from '../model/errors.ts'
import type { Log } from '../runtime/context.ts'
import { isLostConnection } from '../runtime/patience.ts'

/** Titles of codes, for people; the same for each occurrence. */
const titles: { [code: string]: string } = {
  INVALID_BODY: 'The body is not what it should be',
  INVALID_INPUT: 'The input is wrong',
  UNAUTHORIZED: 'Nothing here accepts this request',
  NOT_FOUND: 'There is no such thing',
  METHOD_NOT_ALLOWED: 'This method is not allowed here',
  CONFLICT: 'This stands for something else already',
  TOO_LARGE: 'The body is too large',
  UNSUPPORTED_MEDIA_TYPE: 'This content type is not understood',
  RATE_LIMITED: 'Too many requests',
  RUN_FAILED: 'The run did not succeed',
  STOPPING: 'The server stops',
  DATABASE_UNREACHABLE: 'The database does not answer',
  INTERNAL: 'Something went wrong here',
}

/**
 * An error as an answer: problem details, with tq's code beside them.
 *
 * @param more further members, which machines may read
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export const problem = (
  error: TqError,
  { headers = {}, ...more }: { headers?: { [name: string]: string } } & { [member: string]: unknown } = {},
): Response => {
  const { status, retryable } = errorCodes[error.code]
  const body = {
    type: `https://tqflow.dev/errors/${error.code}`,
    title: titles[error.code] ?? error.code,
    status,
    detail: error.message,
    code: error.code,
    ...more,
  }
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(retryable && status !== 429 ? { 'retry-after': '1' } : {}),
      ...headers,
    },
  })
}

/** Whatever was thrown, as an answer that tells nothing of the inside. */
export const problemOf = (error: unknown, log: Log): Response => {
  if (error instanceof TqError) return problem(error)
  const { message, stack } = error as Error
  if (isLostConnection(error)) {
    log('warn', `a request was not answered, because the database does not: ${message}`)
    return problem(new TqError('DATABASE_UNREACHABLE', 'the database does not answer; send it again'))
  }
  log('error', `a request failed: ${stack ?? message}`)
  return problem(new TqError('INTERNAL', 'the server could not deal with this request; its log has the reason'))
}
