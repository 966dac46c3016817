import { createHash } from 'node:crypto'
import { isTimed } from '../../model/hook.ts'
import { TqError } from '../../model/errors.ts'
import type { Json, JsonObject } from '../../model/json.ts'
import { type Violation, violations } from '../../model/schema.ts'
import { keyConflict } from '../start.ts'
import { evaluateField, inputOfTrigger } from '../trigger.ts'
import type { LiveHook } from './hooks.ts'
import type { RejectionReason } from './rejections.ts'

/** A request that was verified, as expressions see it, and what names it for its sender. */
export type Delivery = {
  body: Json
  headers: { [name: string]: string }
  query: JsonObject
  path: string
  method: string
  /** The id that all tries to deliver it have in common, where the sender's scheme has one. */
  id: string | null
}

/** What came of a delivery. */
export type Accepted =
  | { started: { id: string; duplicate: boolean } }
  | { rejected: RejectionReason; error?: TqError; retryAfterMs?: number; violations?: Violation[] }

/** Makes a run of a delivery, or says why not. What it starts is committed when it returns. @throws what the database throws */
export const accept = async (hook: LiveHook, delivery: Delivery): Promise<Accepted> => {
  const { trigger, spec, start } = hook
  const retryAfterMs = await hook.take()
  if (retryAfterMs > 0) return { rejected: 'rate-limit', retryAfterMs }
  const { id, ...request } = delivery
  const seen = { kind: 'hook', name: hook.name, ...request }
  const wanted = conditionOf(hook, seen)
  // A sender's other events have other bodies: what `when` is plainly false of need not keep the schema.
  if (!('error' in wanted) && !wanted.value) return { rejected: 'filtered' }
  const wrong = spec.body === undefined ? [] : violations(spec.body as Json, delivery.body)
  if (wrong.length > 0) return { rejected: 'schema', violations: wrong }
  if ('error' in wanted) return { rejected: 'input', error: wanted.error }
  if (!start) return { rejected: 'workflow-missing' }
  const given = inputOfTrigger(trigger, start.startable.loaded.plan.inputs, seen)
  if ('problem' in given) return { rejected: 'input', error: invalid(given.problem.message) }
  const key = keyOf(hook, seen, id)
  if (key !== null && typeof key !== 'string') return { rejected: 'key', error: key.error }
  if (key === null) return { started: { id: await start.always(given.value), duplicate: false } }
  const made = await start.once({ input: given.value, key, ttlMs: hook.ttlMs, delivery: signedId(hook, id) })
  if (made.conflict) return { rejected: 'conflict', error: keyConflict(start.startable, key, made.id) }
  return { started: { id: made.id, duplicate: made.duplicate } }
}

const conditionOf = ({ trigger }: LiveHook, seen: JsonObject): { value: boolean } | { error: TqError } => {
  if (!trigger.expressions.when) return { value: true }
  const given = evaluateField(trigger.expressions.when, seen)
  if ('problem' in given) return { error: invalid(given.problem.message) }
  if (typeof given.value === 'boolean') return { value: given.value }
  return { error: invalid('`when` of this hook is neither true nor false for this request') }
}

/**
 * What is remembered of a delivery beside a key of the hook's own, where its sender signs what names it: what is not signed of a request
 * (its headers, its query) may have been changed by whoever recorded it, and must not make another key of the same delivery.
 */
const signedId = ({ name, trigger, verify }: LiveHook, id: string | null): string | null =>
  id !== null && verify && isTimed(verify.scheme) && trigger.expressions.idempotencyKey
    ? `delivery/${name}/${createHash('sha256').update(id).digest('base64url')}`
    : null

const maxKey = 255

/** The key of a delivery: as the hook says, else the id that its sender gave it; null: it has none. */
const keyOf = (
  { name, trigger }: LiveHook,
  seen: JsonObject,
  id: string | null,
): string | null | { error: TqError } => {
  const { idempotencyKey } = trigger.expressions
  if (!idempotencyKey) return id === null ? null : checkKey(id, `hook/${name}/${id}`)
  const given = evaluateField(idempotencyKey, seen)
  if ('problem' in given) return { error: invalid(given.problem.message) }
  const text = typeof given.value === 'number' ? String(given.value) : given.value
  return typeof text === 'string'
    ? checkKey(text, text)
    : { error: invalid('the idempotency key of this hook is neither a text nor a number for this request') }
}

const checkKey = (text: string, key: string): string | { error: TqError } =>
  /^[^\p{Cc}]+$/u.test(text) && text.isWellFormed() && text.length <= maxKey
    ? key
    : { error: invalid(`the idempotency key must have 1 to ${maxKey} characters, and no control characters`) }

const invalid = (message: string): TqError => new TqError('INVALID_INPUT', message)
