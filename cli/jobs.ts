import { jobPaths, type JobView, type Plan } from '../engine/reader.ts'

/** A job as people see it: with its path, and, for a container, the time from the first start below it. */
export type NamedJob = Omit<JobView, 'node'> & { job: string; kind: string; queue: string | null }

export const nameJobs = (plan: Plan, jobs: JobView[]): NamedJob[] => {
  const starts = new Map<number, Date>()
  // What is in a container has higher numbers than it.
  for (const { n, node, parent, started_at } of jobs.toReversed()) {
    const start = plan.nodes[node]!.kind === 'task' ? started_at : starts.get(n)
    if (parent !== null && start && !(starts.get(parent)! <= start)) starts.set(parent, start)
  }
  const paths = jobPaths(plan.nodes, jobs)
  return jobs.map(({ node, ...job }) => {
    const { kind, task } = plan.nodes[node]!
    return {
      job: paths.get(job.n)!,
      kind,
      queue: task?.queue ?? null,
      ...job,
      started_at: kind === 'task' ? job.started_at : (starts.get(job.n) ?? job.started_at),
    }
  })
}
