import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Context,
  ended,
  isAt,
  jobPaths,
  listJobs,
  type Plan,
  readLogs,
  readPlaces,
  resolveRun,
  snapshot,
  type StoredLog,
  TqError,
} from '../../engine/reader.ts'
import { connected } from '../connect.ts'
import { plainLines } from '../progress.ts'
import type { Action } from '../command.ts'

const logs: Action = (io, options, typed) =>
  connected(io, async context => {
    const [run, ...rest] = String(typed).split('/')
    const step = rest.join('/')
    const id = await resolveRun(context, run!)
    let { plan } = await snapshot(context, id)
    const ns = step ? await jobsAt(context, id, plan, step) : null
    if (ns?.length === 0)
      throw new TqError('NOT_FOUND', `run ${run} has no job "${step}"; \`tq get jobs ${run}\` lists them`)
    const paths = new Map<number, string>()
    let after = 0
    let said = false
    for (;;) {
      const before = await snapshot(context, id)
      plan = before.plan
      let lines = await readLogs(context.sql, { run: id, after, limit: 10_000, ns })
      if (after === 0 && typeof options.tail === 'string') lines = lines.slice(-Number(options.tail))
      const fresh = [...new Set(lines.map(line => line.n))].filter(n => !paths.has(n))
      if (fresh.length > 0)
        for (const [n, path] of jobPaths(plan.nodes, await readPlaces(context.sql, { run: id, ns: fresh })))
          paths.set(n, path)
      for (const line of lines) {
        const job = paths.get(line.n) ?? '?'
        io.out(options.output === 'json' ? JSON.stringify({ job, ...line }) : text(job, line))
      }
      after = lines.at(-1)?.id ?? after
      said ||= lines.length > 0
      if (lines.length === 10_000) continue
      if (!options.follow || ended(before.run.state) || io.signal.aborted) {
        if (!said) io.err(`no handler of ${typed} has printed anything${ended(before.run.state) ? '' : ' yet'}`)
        return 0
      }
      await sleep(200, undefined, { signal: io.signal }).catch(() => {})
    }
  })
export default logs

/** Numbers of the jobs that a step names, and of those in them. */
const jobsAt = async (context: Context, run: string, plan: Plan, step: string): Promise<number[]> => {
  const paths = jobPaths(plan.nodes, await listJobs(context.sql, { run, limit: 1_000_000 }))
  return [...paths].flatMap(([n, path]) => (isAt(path, step, { below: true }) ? [n] : []))
}

const text = (job: string, { at, level, message, fields }: StoredLog): string =>
  `${at.toISOString().slice(11, 23)}  ${job}  ${level === 'info' ? '' : `${level}: `}${plainLines(message)}${fields ? `  ${JSON.stringify(fields)}` : ''}`
