import { setTimeout as sleep } from 'node:timers/promises'
import {
  ended,
  listJobs,
  type Plan,
  readLogs,
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
    const ns = step
      ? (await listJobs(context.sql, { run: id, limit: 1_000_000 }))
          .filter(job => matches(plan, job, step))
          .map(job => job.n)
      : null
    if (ns?.length === 0)
      throw new TqError('NOT_FOUND', `run ${run} has no job "${step}"; \`tq get jobs ${run}\` lists them`)
    let after = 0
    let said = false
    for (;;) {
      const before = await snapshot(context, id)
      plan = before.plan
      let lines = await readLogs(context.sql, { run: id, after, limit: 10_000, ns })
      if (after === 0 && typeof options.tail === 'string') lines = lines.slice(-Number(options.tail))
      for (const line of lines)
        io.out(options.output === 'json' ? JSON.stringify({ job: pathOf(plan, line), ...line }) : text(plan, line))
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

const pathOf = (plan: Plan, { node, item }: { node: number; item: number | null }): string =>
  (plan.nodes[node]?.path ?? '?') + (item === null ? '' : `[${item}]`)
const matches = (plan: Plan, job: { node: number; item: number | null }, step: string): boolean => {
  const path = pathOf(plan, job)
  return path === step || path.startsWith(`${step}/`) || path.startsWith(`${step}[`)
}
const text = (plan: Plan, line: StoredLog): string =>
  `${line.at.toISOString().slice(11, 23)}  ${pathOf(plan, line)}  ${line.level === 'info' ? '' : `${line.level}: `}${plainLines(line.message)}${line.fields ? `  ${JSON.stringify(line.fields)}` : ''}`
