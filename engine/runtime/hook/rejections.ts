import { setTimeout as sleep } from 'node:timers/promises'
import { addRejections, type Rejections, tidyHooks } from '../../store/hook.ts'
import type { Context } from '../context.ts'

/** Why a request started nothing. */
export type RejectionReason =
  | 'unknown-path'
  | 'method'
  | 'unsigned'
  | 'signature'
  | 'timestamp'
  | 'secret-missing'
  | 'too-large'
  | 'content-type'
  | 'malformed'
  | 'schema'
  | 'rate-limit'
  | 'filtered'
  | 'workflow-missing'
  | 'input'
  | 'key'
  | 'conflict'

export type Rejection = { hook: string; reason: RejectionReason; path: string; detail?: string }

/** How long rejections are kept, and how often what is older is deleted, ms. */
const keepMs = 7 * 86_400_000
const tidyMs = 60_000
/** How long counts are gathered before they are written, ms. */
const gatherMs = 200
/** As much of a path and of a detail is kept. */
const maxText = 200

export type RejectionLog = { add(rejection: Rejection): void; serve(signal: AbortSignal): Promise<void> }

/** Counts rejections and writes the counts down a few times a second: a flood costs one row a minute, hook and reason. */
export const openRejections = (context: Context): RejectionLog => {
  let counts = new Map<string, Rejections>()
  const count = (one: Rejections) => {
    const key = `${one.hook} ${one.reason}`
    counts.set(key, { ...one, requests: one.requests + (counts.get(key)?.requests ?? 0) })
  }
  const write = async () => {
    if (counts.size === 0) return
    const rejections = [...counts.values()]
    counts = new Map()
    try {
      await addRejections(context.sql, { namespace: context.namespace, rejections })
    } catch (error) {
      for (const one of rejections) count(one)
      context.log('debug', `rejections of hooks could not be written down yet: ${(error as Error).message}`)
    }
  }
  return {
    add: ({ hook, reason, path, detail }) =>
      count({ hook, reason, requests: 1, path: plain(path), detail: detail === undefined ? null : plain(detail) }),
    async serve(signal) {
      let tidiedAt = Number.NEGATIVE_INFINITY
      while (!signal.aborted) {
        await sleep(gatherMs, undefined, { signal }).catch(() => {})
        await write()
        if (performance.now() - tidiedAt < tidyMs) continue
        tidiedAt = performance.now()
        await tidyHooks(context.sql, { keepMs }).catch(error =>
          context.log('debug', `hooks could not be tidied: ${(error as Error).message}`),
        )
      }
      await write()
    },
  }
}

/** A text of strangers, as it may be stored and printed. */
const plain = (text: string): string => text.replaceAll(/[^\x20-\x7e\xa0-\ud7ff]/g, '?').slice(0, maxText)
