import { readFile } from 'node:fs/promises'
import { arch, cpus, release, totalmem, type } from 'node:os'
import type { JsonObject } from '../../model/json.ts'
import type { PoolAttempt } from '../../executor/index.ts'
import { serverVersion } from '../../store/migrate.ts'
import { scheduledJobs } from '../../store/view.ts'
import { pathOf } from '../../model/job.ts'
import type { InFlight } from '../task.ts'
import { maskUrl } from './mask.ts'
import type { Command, Subject } from './index.ts'

/** Of an input or a list, as much as this many characters or rows. */
const maxShown = 200

/** What `tq inspect` can ask a worker. */
export const questions: Record<string, Command> = {
  ping: () => ({ ok: 'pong' }),

  active: subject => inPool(subject).flatMap(({ one, at }) => (at.startedAt === null ? [] : [running(one, at)])),

  reserved: subject => inPool(subject).flatMap(({ one, at }) => (at.startedAt === null ? [jobOf(one)] : [])),

  async scheduled({ context, serving }) {
    const queues = serving.queues().filter(queue => queue.id !== 0)
    const jobs = await scheduledJobs(context.sql, { queues: queues.map(queue => queue.id), limit: maxShown })
    return Promise.all(
      jobs.map(async ({ run, node, item, plan, queue, due_at, rank, failures }) => {
        const { path, task } = (await context.plan(plan)).nodes[node]!
        return {
          run,
          job: pathOf(path, item),
          task: task?.name ?? null,
          queue: queues.find(row => row.id === queue)!.name,
          priority: 9 - rank,
          failures,
          due: due_at.toISOString(),
        }
      }),
    )
  },

  revoked: subject => inPool(subject).flatMap(({ one }) => (one.job.doomed ? [jobOf(one)] : [])),

  registered: ({ options, timeLimits }) =>
    options.handlers.map(handler => ({ handler, timeLimitMs: timeLimits.get(handler) ?? null })),

  stats(subject) {
    const { children, context, totals } = subject
    const { rss, heapUsed } = process.memoryUsage()
    const usage = process.resourceUsage()
    return {
      uptimeMs: Math.round(process.uptime() * 1000),
      pid: process.pid,
      session: subject.session(),
      pool: {
        wanted: children.size(),
        autoscale: children.range(),
        slots: subject.options.slots,
        ...(children.pool()?.stats() ?? { children: [] }),
      },
      inFlight: [...subject.jobs()].length,
      totals: Object.fromEntries(totals),
      timeLimitsMs: Object.fromEntries(subject.timeLimits),
      rusage: {
        userMs: Math.round(usage.userCPUTime / 1000),
        systemMs: Math.round(usage.systemCPUTime / 1000),
        maxRssMb: Math.round(usage.maxRSS / 1024),
        voluntarySwitches: usage.voluntaryContextSwitches,
        involuntarySwitches: usage.involuntaryContextSwitches,
      },
      memoryMb: { rss: Math.round(rss / 1048576), heapUsed: Math.round(heapUsed / 1048576) },
      broker: { ...context.broker.health() },
    } as JsonObject
  },

  conf: settings,

  async report(subject) {
    const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    return {
      tq: version,
      node: process.version,
      os: `${type()} ${release()} ${arch()}`,
      cpus: cpus().length,
      memoryMb: Math.round(totalmem() / 1048576),
      database: await serverVersion(subject.context.sql),
      conf: settings(subject),
    }
  },

  queues: ({ serving }) =>
    serving
      .queues()
      .filter(queue => queue.id !== 0)
      .map(({ name, paused, concurrency, rate_count, rate_ms }) => ({
        name,
        paused,
        concurrency,
        rateLimit: rate_count === null ? null : `${rate_count}/${rate_ms}ms`,
      })),
}

/** What the worker goes by. Named one by one: options have secrets. */
function settings({ options, context, children, serving }: Subject): JsonObject {
  const { name, slots, handlersDir, leaseMs, graceMs, drainMs, memoryMb, recycleAfter, kafka } = options
  return {
    name,
    namespace: context.namespace,
    database: maskUrl(context.database.url),
    schema: context.database.schema,
    kafka: kafka
      ? {
          brokers: kafka.brokers,
          clientId: kafka.clientId,
          topicPrefix: kafka.topicPrefix,
          sasl: kafka.sasl ? { mechanism: kafka.sasl.mechanism, username: kafka.sasl.username, password: '***' } : null,
          tls: kafka.tls !== null,
        }
      : null,
    queues: serving.queues().flatMap(queue => (queue.id === 0 ? [] : [queue.name])),
    handlersDir,
    concurrency: children.size(),
    autoscale: children.range(),
    slots,
    leaseMs,
    graceMs,
    drainMs,
    memoryMb: memoryMb ?? null,
    recycleAfter: recycleAfter ?? null,
  }
}

const inPool = ({ jobs, children }: Subject): { one: InFlight; at: PoolAttempt }[] => {
  const places = new Map((children.pool()?.attempts() ?? []).map(at => [at.key, at]))
  return [...jobs()].flatMap(one => (places.has(one.key) ? [{ one, at: places.get(one.key)! }] : []))
}

const jobOf = ({ job, loaded, input }: InFlight) => {
  const node = loaded.nodes[job.node]!
  return {
    run: job.run,
    job: pathOf(node.path, job.item),
    task: node.task!.name,
    attempt: job.failures + job.lost + 1,
    input: input.length > maxShown ? `${input.slice(0, maxShown)}… (${input.length} characters)` : input,
  }
}

const running = (one: InFlight, { startedAt, pid }: PoolAttempt) => ({
  ...jobOf(one),
  since: new Date(Date.now() - (performance.now() - startedAt!)).toISOString(),
  pid,
})
