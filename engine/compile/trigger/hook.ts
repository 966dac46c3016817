import { isObject, type JsonObject } from '../../model/json.ts'
import { isTimed, mayNameHeader } from '../../model/hook.ts'
import { parseDuration } from '../../model/duration.ts'
import { checkJsonSchema } from '../schema/jsonSchema.ts'
import { type Compilation, report } from '../compilation.ts'
import { nameOf } from '../catalog.ts'
import type { TriggerForm } from './trigger.ts'

const texts = { type: 'object', additionalProperties: { type: 'string' } }

/** A Hook: its expressions see the request that was made. */
export const hook: TriggerForm = {
  root: ({ body }) => ({
    type: 'object',
    additionalProperties: false,
    required: ['kind', 'name', 'body', 'headers', 'query', 'path', 'method'],
    properties: {
      kind: { const: 'hook' },
      name: { type: 'string' },
      body: isObject(body) ? body : {},
      headers: texts,
      query: { type: 'object', additionalProperties: {} },
      path: { type: 'string' },
      method: { type: 'string' },
    },
  }),
  expressions: { when: { type: 'boolean' }, idempotencyKey: { type: ['string', 'number'] } },
  check(compilation) {
    checkBody(compilation)
    checkVerify(compilation)
    checkPath(compilation)
    checkReply(compilation)
  },
}

/** The longest that a request may wait for a result, ms: proxies and senders give up earlier. */
const maxWaitMs = 300_000

const checkReply = (compilation: Compilation): void => {
  const { reply } = compilation.spec
  if (!isObject(reply) || reply.timeout === undefined) return
  if (reply.mode !== 'result')
    needless(compilation, reply, 'timeout', 'only `mode: result` waits; leave "timeout" out, or wait for the result')
  else if ((parseDuration(String(reply.timeout)) ?? 0) > maxWaitMs)
    report(compilation, { owner: reply, key: 'timeout' }, 'INVALID_VALUE', 'no request waits longer than 5m')
}

const checkBody = (compilation: Compilation): void => {
  const { spec } = compilation
  if (spec.body !== undefined) checkJsonSchema(compilation, spec, 'body')
}

const checkVerify = (compilation: Compilation): void => {
  const { spec } = compilation
  const { verify } = spec
  if (verify === 'none') {
    const message = 'nothing is verified: whoever reaches the server can start this; write `verify: { scheme, secret }`'
    report(compilation, { owner: spec, key: 'verify' }, 'UNVERIFIED_HOOK', message, { severity: 'warning' })
  }
  if (!isObject(verify)) return
  const scheme = String(verify.scheme)
  if (verify.header !== undefined && !mayNameHeader(scheme))
    needless(compilation, verify, 'header', `scheme ${scheme} says which header it is; leave "header" out`)
  if (verify.tolerance !== undefined && !isTimed(scheme))
    needless(compilation, verify, 'tolerance', `scheme ${scheme} signs no time, so there is nothing to tolerate`)
}

const needless = (compilation: Compilation, verify: JsonObject, key: string, message: string): void =>
  report(compilation, { owner: verify, key }, 'INVALID_VALUE', message, { at: 'key' })

/** A path is one hook's. */
const checkPath = (compilation: Compilation): void => {
  const { spec, catalog, document } = compilation
  const name = nameOf(document.value)
  const first = [...catalog.hooks].find(([, path]) => path === spec.path)?.[0]
  if (first === undefined || first === name) return
  const message = `hook "${first}" has the path ${spec.path} already`
  report(compilation, { owner: spec, key: 'path' }, 'DUPLICATE_PATH', message)
}
