import { TqError } from '../model/errors.ts'
import { hooksPrefix } from '../model/hook.ts'
import type { Json } from '../model/json.ts'
import { accept, type Accepted } from '../runtime/hook/accept.ts'
import type { LiveHook } from '../runtime/hook/hooks.ts'
import type { RejectionReason } from '../runtime/hook/rejections.ts'
import type { RunResult } from '../runtime/watch.ts'
import { fieldsOf, isForm, parseBody, readBytes } from './body.ts'
import { hmacSha256 } from './scheme/compare.ts'
import { type Headers, schemes, verify } from './scheme/index.ts'
import { problem } from './problem.ts'
import { runView } from './run.ts'
import type { Serving } from './serving.ts'

/**
 * Answers a request to a hook. Nothing of it is parsed, kept or told apart before its signature is found to be right: until then an
 * unknown path, a wrong method and a wrong signature have one and the same answer.
 */
export const answerHook = async (serving: Serving, request: Request): Promise<Response> => {
  const url = new URL(request.url)
  const path = url.pathname.slice(hooksPrefix.length)
  const hook = serving.hooks.find(path)
  const reject = (reason: RejectionReason, detail?: string) =>
    serving.rejections.add({ hook: hook?.name ?? '', reason, path, ...(detail === undefined ? {} : { detail }) })
  const response = await answer(serving, request, url, path, hook, reject)
  serving.metrics.hookRequests.inc({ hook: hook?.name ?? '', code: String(response.status) })
  return response
}

type Reject = (reason: RejectionReason, detail?: string) => void

const answer = async (
  serving: Serving,
  request: Request,
  url: URL,
  path: string,
  hook: LiveHook | undefined,
  reject: Reject,
): Promise<Response> => {
  try {
    const bytes = await readBytes(request, serving.maxBodyBytes)
    const headers = Object.fromEntries(request.headers) as Headers
    const refused = await refusal(serving, { method: request.method, headers, bytes }, hook)
    if (!hook || refused) {
      reject(refused?.reason ?? 'unknown-path', refused?.detail)
      return refused?.response ?? unauthorized()
    }
    const body = parseBody(bytes, headers['content-type'])
    const accepted = await accept(hook, {
      body,
      headers: shown(hook, headers),
      query: fieldsOf(url.searchParams),
      path,
      method: request.method,
      id: hook.verify ? schemes[hook.verify.scheme]!.delivery(headers, body) : (headers['idempotency-key'] ?? null),
    })
    return 'rejected' in accepted
      ? answerRejected(accepted, reject, isForm(headers['content-type']))
      : await answerStarted(serving, hook, accepted)
  } catch (error) {
    const reason = error instanceof TqError ? unread[error.code] : undefined
    if (!reason) throw error
    reject(reason)
    // What was not read of a request is in the way of the next one: the sender must not use this connection again.
    return problem(error as TqError, reason === 'too-large' ? { headers: { connection: 'close' } } : {})
  }
}

const unread: { [code: string]: RejectionReason } = {
  TOO_LARGE: 'too-large',
  UNSUPPORTED_MEDIA_TYPE: 'content-type',
  INVALID_BODY: 'malformed',
}

type Refusal = { reason: RejectionReason; response: Response; detail?: string }

/** Why a request is not let in, or null. */
const refusal = async (
  { hooks, secrets }: Serving,
  { method, headers, bytes }: { method: string; headers: Headers; bytes: Uint8Array },
  hook: LiveHook | undefined,
): Promise<Refusal | null> => {
  if (!hook) {
    hmacSha256('nobody', bytes) // takes as long as if there were a hook
    return { reason: 'unknown-path', response: unauthorized() }
  }
  const allowed = hook.methods.includes(method)
  if (!hook.verify) return allowed ? null : { reason: 'method', response: wrongMethod(hook, method) }
  const names = hook.verify.secrets
  const known = (await Promise.all(names.map(name => secrets.read(name)))).filter(secret => secret !== null)
  if (known.length === 0)
    return { reason: 'secret-missing', response: unauthorized(), detail: `none is there: ${names.join(', ')}` }
  const scheme = schemes[hook.verify.scheme]!
  const verdict = verify(scheme, { headers, body: bytes }, { ...hook.verify, secrets: known, now: hooks.now() })
  if (!verdict.ok) return { reason: verdict.reason, response: unauthorized() }
  return allowed ? null : { reason: 'method', response: unauthorized() }
}

/** One answer for all that must not be told apart. */
const unauthorized = (): Response =>
  problem(new TqError('UNAUTHORIZED', 'its path, its method or its signature is none that is known here'), {
    headers: { 'www-authenticate': 'Signature realm="hooks"' },
  })

const wrongMethod = ({ methods }: LiveHook, method: string): Response =>
  problem(new TqError('METHOD_NOT_ALLOWED', `${method} is not allowed here; use ${methods.join(' or ')}`), {
    headers: { allow: methods.join(', ') },
  })

/** Headers as expressions see them: without those that are secrets, so that none gets into the input of a run. */
const shown = ({ verify }: LiveHook, headers: Headers): Headers => {
  const secret = [
    'authorization',
    'proxy-authorization',
    'cookie',
    verify?.scheme === 'bearer' ? verify.header : undefined,
  ]
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !secret.includes(name)))
}

const answerRejected = (
  { rejected, error, retryAfterMs, violations }: Extract<Accepted, { rejected: unknown }>,
  reject: Reject,
  form: boolean,
): Response => {
  reject(rejected, violations?.map(({ pointer, detail }) => `${pointer} ${detail}`)[0] ?? error?.message)
  if (rejected === 'filtered') return new Response(null, { status: 204 })
  if (retryAfterMs !== undefined) {
    const seconds = String(Math.ceil(retryAfterMs / 1000))
    const detail = `this hook takes no more requests for now; try again in ${seconds} s`
    return problem(new TqError('RATE_LIMITED', detail), { headers: { 'retry-after': seconds } })
  }
  if (violations)
    return problem(
      new TqError(
        'INVALID_BODY',
        `the body${form ? ', which was sent as a form,' : ''} does not keep the schema of this hook`,
      ),
      {
        errors: violations,
      },
    )
  // Expressions and names of workflows are for those who look at rejections, not for who sends.
  if (rejected === 'input' || rejected === 'key')
    return problem(new TqError('INVALID_INPUT', 'this hook can make no run of this request'))
  return problem(error ?? new TqError('NOT_FOUND', 'what this hook starts is not there any more'))
}

/** 202 and where the run is, or its result where the hook waits for it and it comes in time. */
const answerStarted = async (
  { endings, stopping }: Serving,
  { waitMs }: LiveHook,
  { started: { id, duplicate } }: Extract<Accepted, { started: unknown }>,
): Promise<Response> => {
  const result = waitMs === null ? null : await endings.wait(id, { timeoutMs: waitMs, signal: stopping })
  const { id: name, location } = runView(id)
  const headers = { location, 'content-type': 'application/json', ...(duplicate ? { 'tq-duplicate': 'true' } : {}) }
  if (!result) return Response.json({ id: name, duplicate, links: { run: location } }, { status: 202, headers })
  if (result.run.state === 'succeeded') return Response.json(result.output, { status: 200, headers })
  return failed(result, name, location)
}

const failed = ({ run, error }: RunResult, id: string, location: string): Response =>
  problem(new TqError('RUN_FAILED', `run ${id} ended ${run.state}`), {
    run: { id, state: run.state, error: error as Json, links: { run: location } },
    headers: { location },
  })
