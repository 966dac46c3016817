import type { TestEngine } from '../support/engine.ts'
import { http, type HttpOptions } from '../../engine/server.ts'
import { schemes, sign } from '../../engine/http/scheme/index.ts'
import type { Json, JsonObject } from '../../engine/client.ts'

export type TestServer = {
  url: string
  /** Stops it as SIGTERM does; resolves when it has stopped. */
  stop(): Promise<void>
}

/** Serves a test's engine over HTTP, at a port of its own. Hooks are looked at before it resolves. */
export const serve = async (
  engine: TestEngine,
  secrets: { [variable: string]: string } = {},
  options: Partial<HttpOptions> = {},
): Promise<TestServer> => {
  const stop = new AbortController()
  const ready = Promise.withResolvers<string>()
  const serving = http(
    engine.context,
    {
      port: 0,
      host: '127.0.0.1',
      maxBodyBytes: 1_048_576,
      secrets: { env: secrets, dir: null },
      ...options,
      onReady: ({ url }) => ready.resolve(url),
    },
    stop.signal,
  )
  serving.catch(ready.reject)
  return {
    url: await ready.promise,
    async stop() {
      stop.abort()
      await serving
    },
  }
}

export type Answer = { status: number; headers: Headers; body: JsonObject }

/** Sends a request and reads its answer, which is JSON or empty. */
export const send = async (url: string, init: RequestInit = {}): Promise<Answer> => {
  const response = await fetch(url, init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : null) as JsonObject }
}

export const postJson = (url: string, body: Json, headers: { [name: string]: string } = {}): Promise<Answer> =>
  send(url, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } })

/** What a sender of this scheme would send; at the database's time, unless another is given. */
export const signed = async (
  engine: TestEngine,
  scheme: string,
  body: string,
  { secret, id = 'delivery-1', now }: { secret: string; id?: string; now?: number },
): Promise<RequestInit> => {
  const [row] = await engine.sql<{ now: number }>`select (extract(epoch from clock_now()) * 1000)::float8 as now`
  const headers = sign(schemes[scheme]!, Buffer.from(body), { secret, id, now: now ?? row!.now })
  return { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } }
}

/** A Hook's YAML, and a Chain of one step with its name that hands back its input. */
export const hookTo = (name: string, spec: string, { inputs = '{ body: {} }', task = 'echo' } = {}): string => `
apiVersion: tq/v1
kind: Chain
metadata: { name: ${name} }
spec:
  inputs: ${inputs}
  steps: [{ task: ${task} }]
---
apiVersion: tq/v1
kind: Hook
metadata: { name: ${name} }
spec:
  path: /${name}
  workflow: ${name}
${spec.replace(/^\n/, '').trimEnd()}
`

/** How many runs there are of a workflow. */
export const runsOf = async (engine: TestEngine, name: string): Promise<number> => {
  const [row] = await engine.sql<{ runs: number }>`select count(*)::int as runs from run where name = ${name}`
  return row!.runs
}
