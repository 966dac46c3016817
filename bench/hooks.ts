import { createHmac, randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { type Bench, benchClient, startable } from './support/engine.ts'
import { machine, type Report, type Row, summarise } from './support/measure.ts'

const secret = 'bench'
const yaml = `
apiVersion: tq/v1
kind: Chain
metadata: { name: bench }
spec: { inputs: { n: { type: integer } }, steps: [{ task: noop }] }
---
apiVersion: tq/v1
kind: Hook
metadata: { name: bench }
spec:
  path: /bench
  verify: { scheme: github, secret: bench }
  body: { type: object, required: [n], properties: { n: { type: integer } } }
  workflow: bench
  with: { n: "{{ trigger.body.n }}" }
`

/** Deliveries a second, and for how long, s. */
const rate = 500
const seconds = 10
const connections = 50

/**
 * Signed deliveries to one hook, each with an id of its own: how long the answer takes at 500/s (open loop: from when it was due), and a burst
 * as fast as 50 connections carry it, a tenth of it delivered twice. Server and sender are processes of their own on this machine;
 * beside it a bare hono server that verifies, parses and answers, and keeps nothing.
 */
export const hooks = async ({ url }: Bench, { runs, size }: { runs: number; size: number }): Promise<Report> => {
  const context = await benchClient(url)
  await startable(context, yaml, 'bench')
  const tq = await started(['cli/tq.ts', 'server', '--port', '0', '-o', 'json'], {
    TQ_DATABASE_URL: url,
    TQ_DATABASE_SCHEMA: 'tq_bench',
    TQ_SECRET_BENCH: secret,
  })
  const hono = await started(['bench/peers/hono.ts', secret], {})
  const contestants = [
    { what: 'tq', url: tq.url },
    { what: 'bare hono', url: hono.url },
  ]
  const figures = new Map<string, number[]>()
  const add = (key: string, value: number) => figures.set(key, [...(figures.get(key) ?? []), value])
  let wrong = 0
  let lost = 0
  let doubled = 0
  for (let round = 0; round < runs; round++)
    for (const { what, url: target } of contestants) {
      await steady(target, { rate: 100, seconds: 1 }) // warm
      const took = (await steady(target, { rate, seconds })).toSorted((a, b) => a - b)
      add(`${what} p50`, took[took.length >> 1]!)
      add(`${what} p99`, took[Math.floor(took.length * 0.99)]!)
      add(`${what} max`, took.at(-1)!)
      const before = await count(context)
      const burst = await flood(target, size)
      wrong += burst.wrong
      add(`${what} burst`, (burst.sent / burst.ms) * 1000)
      if (what !== 'tq') continue
      const made = (await count(context)) - before
      lost += Math.max(0, size - made)
      doubled += Math.max(0, made - size)
    }
  await Promise.all([tq.stop(), hono.stop()])
  await context.close()
  const rows = contestants.flatMap(({ what }) => [
    ...['p50', 'p99', 'max'].map(
      (mode): Row => ({ what, mode, unit: 'ms', ...summarise(figures.get(`${what} ${mode}`)!) }),
    ),
    { what, mode: 'burst', size, unit: 'requests/s', ...summarise(figures.get(`${what} burst`)!) } satisfies Row,
  ])
  return { name: 'hooks', machine: machine(), rows, checks: { 'not answered 202': wrong, lost, doubled } }
}

const started = async (args: string[], env: Record<string, string>) => {
  const child = execa(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], { env, reject: false })
  const at = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk
      const found = /"url":"([^"]+)"/.exec(text)
      if (found) resolve(found[1]!)
    })
    child.then(({ stderr }) => reject(new Error(`ended: ${stderr}`)), reject)
  })
  return {
    url: at,
    async stop() {
      child.kill('SIGTERM')
      await child
    },
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: connections })

/** Sends one delivery; its answer's status. */
const deliver = (url: string, n: number, id: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const body = JSON.stringify({ n, text: 'x'.repeat(1000) })
    const sent = request(
      `${url}/hooks/bench`,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-github-delivery': id,
          'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
        },
      },
      answer => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode!))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })

/** Deliveries at a rate, whether those before were answered or not; ms from when each was due to its answer. */
const steady = async (url: string, { rate, seconds }: { rate: number; seconds: number }): Promise<number[]> => {
  const begin = performance.now()
  const all: Promise<number>[] = []
  for (let i = 0; i < rate * seconds; i++) {
    const due = begin + (i * 1000) / rate
    const earlyMs = due - performance.now()
    if (earlyMs > 1) await sleep(earlyMs)
    const from = Math.min(due, performance.now()) // a timer may be early by less than 1 ms
    all.push(
      deliver(url, i, randomUUID()).then(status => {
        if (status !== 202) throw new Error(`a delivery was answered ${status}`)
        return performance.now() - from
      }),
    )
  }
  return Promise.all(all)
}

/** So many deliveries at once, every tenth twice. */
const flood = async (url: string, size: number): Promise<{ sent: number; ms: number; wrong: number }> => {
  const begin = performance.now()
  const statuses = await Promise.all(
    Array.from({ length: size }, (_, n) => {
      const id = randomUUID()
      return n % 10 === 0 ? [deliver(url, n, id), deliver(url, n, id)] : [deliver(url, n, id)]
    }).flat(),
  )
  return {
    sent: statuses.length,
    ms: performance.now() - begin,
    wrong: statuses.filter(status => status !== 202).length,
  }
}

const count = async ({ sql }: Awaited<ReturnType<typeof benchClient>>): Promise<number> => {
  const [row] = await sql<{ runs: number }>`select count(*)::int as runs from run`
  return row!.runs
}
