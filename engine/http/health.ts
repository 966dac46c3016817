import { setTimeout as sleep } from 'node:timers/promises'
import { migrationState } from '../store/migrate.ts'
import type { Serving } from './serving.ts'

type Check = { ok: boolean; detail: string }

/** So long may a check take, and so old may the last look at the hooks be, ms. */
const patienceMs = 2000
const staleMs = 10_000

/** What must go on for a server to be of use, by its progress: an open connection that answers nothing is none. */
const checks: { [name: string]: (serving: Serving) => Promise<Check> | Check } = {
  async database({ context }) {
    const asked = performance.now()
    const { version, latest } = await migrationState(context.sql)
    return version === latest
      ? { ok: true, detail: `answered in ${Math.round(performance.now() - asked)} ms` }
      : { ok: false, detail: `it is at schema ${version}, this tq needs ${latest}; run \`tq db migrate\`` }
  },
  hooks({ hooks }) {
    const at = hooks.lookedAt()
    const age = at === null ? Number.POSITIVE_INFINITY : Math.round(performance.now() - at)
    return { ok: age < staleMs, detail: `looked at ${age} ms ago` }
  },
  /** Messages make things faster, never right: without a broker a server is ready. */
  broker({ context }) {
    const { state, reason } = context.broker.health()
    return { ok: true, detail: reason ? `${state}: ${reason}` : state }
  },
  stopping: ({ stopping }) => ({ ok: !stopping.aborted, detail: stopping.aborted ? 'the server stops' : 'no' }),
}

/** Answers whether the process does anything at all: that it answers is the answer. */
export const answerLive = (): Response => new Response('ok\n')

/** Answers whether requests should come here; with `?verbose` each check by its name. */
export const answerReady = async (serving: Serving, verbose: boolean): Promise<Response> => {
  const found = Object.fromEntries(
    await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await run(check, serving)] as const)),
  )
  const ready = Object.values(found).every(({ ok }) => ok)
  const status = ready ? 200 : 503
  return verbose
    ? Response.json({ ready, checks: found }, { status })
    : new Response(ready ? 'ok\n' : 'not ready\n', { status })
}

const run = async (check: (serving: Serving) => Promise<Check> | Check, serving: Serving): Promise<Check> => {
  const late = new AbortController()
  try {
    return await Promise.race([
      check(serving),
      sleep(patienceMs, { ok: false, detail: `no answer in ${patienceMs} ms` }, { signal: late.signal }),
    ])
  } catch (error) {
    return { ok: false, detail: (error as Error).message }
  } finally {
    late.abort()
  }
}
