import { jobPaths } from '../model/job.ts'
import type { Json, JsonObject } from '../model/json.ts'
import { isObject } from '../model/json.ts'
import type { RunState } from '../model/state.ts'
import { readRuns } from '../store/run.ts'
import { type EndedJobView, listEnded } from '../store/view.ts'
import type { Context } from './context.ts'

/** A job that has ended, as its last attempt left it. */
export type TestJob = Omit<EndedJobView, 'node' | 'parent' | 'error'> & {
  /** Ids from the root, joined by `/`; alike for all items of a forEach. */
  path: string
  error: JsonObject | null
}

/** A run that has ended. */
export type TestRun = {
  id: string
  state: RunState
  output: Json
  error: JsonObject | null
  /** Failures that were allowed. */
  warnings: number
  jobs: TestJob[]
  /** The job of that path, `each[1]/mail`; of a forEach the step itself, not an item. @throws Error with the paths there are */
  job(path: string): TestJob
  /** States by path; those of items have their positions, `each[1]`. */
  states(): { [path: string]: string }
}

/** A run that has ended with all its jobs, in the order of their numbers. */
export const readTestRun = async (context: Context, id: string): Promise<TestRun> => {
  const [run] = await readRuns(context.sql, [id])
  const { nodes } = (await context.plan(run!.plan)).plan
  const ended = await listEnded(context.sql, id)
  const jobs = ended.map(
    ({ node, parent: _, error, ...row }): TestJob => ({
      ...row,
      path: nodes[node]!.path,
      error: isObject(error) ? error : null,
    }),
  )
  const placed = jobPaths(nodes, ended)
  const at = (job: TestJob): string => placed.get(job.n)!
  const root = jobs.find(job => job.n === 0)
  return {
    id,
    state: run!.state,
    warnings: run!.warnings,
    output: root?.output ?? null,
    error: root?.error ?? null,
    jobs,
    job: path => jobs.find(job => at(job) === path) ?? theOnly(jobs, path, at),
    states: () => Object.fromEntries(jobs.filter(job => job.path !== '').map(job => [at(job), job.state])),
  }
}

const theOnly = (jobs: TestJob[], path: string, at: (job: TestJob) => string): TestJob => {
  const all = jobs.filter(job => job.path === path)
  const found = all.length > 1 ? all.filter(job => job.item === null) : all
  if (found.length === 1) return found[0]!
  const there = jobs.map(job => `${at(job) || '(the run)'} ${job.state}`).join(', ')
  throw new Error(`${found.length} jobs at "${path}"; there are ${there}`)
}
