/** The path of a job: an item's has its position. */
export const pathOf = (path: string, item: number | null): string => (item === null ? path : `${path}[${item}]`)

/** A job among the others of its run. */
export type PlacedJob = { n: number; node: number; parent: number | null; item: number | null }

/**
 * The paths of jobs by their numbers, with the position of each item that they are in: `each[2]/mail`. Of what is around a job the
 * positions are known as far as it is among these.
 */
export const jobPaths = (nodes: { path: string }[], jobs: PlacedJob[]): Map<number, string> => {
  const placed = new Map(jobs.map(job => [job.n, job]))
  const paths = new Map<number, string>()
  const pathAt = (job: PlacedJob): string => {
    const known = paths.get(job.n)
    if (known !== undefined) return known
    const around = job.parent === null ? undefined : placed.get(job.parent)
    const own = nodes[job.node]!.path
    const outer = around && nodes[around.node]!.path
    // Within a forEach the item is called as the whole is; all else goes on from what it is in.
    const path = around && outer && own.startsWith(outer) ? pathAt(around) + own.slice(outer.length) : own
    paths.set(job.n, pathOf(path, job.item))
    return paths.get(job.n)!
  }
  for (const job of jobs) pathAt(job)
  return paths
}

/** Whether a path is what a step names, or (`below`) in it: a segment without a position is any of its items. */
export const isAt = (path: string, step: string, { below = false } = {}): boolean => {
  const [own, wanted] = [path.split('/'), step.split('/')]
  return (
    (below ? own.length >= wanted.length : own.length === wanted.length) &&
    wanted.every((segment, i) => own[i] === segment || own[i]!.replace(/\[\d+\]$/, '') === segment)
  )
}

/** How often a job's worker or child may die before it fails (semantics R3). */
export const lostLimit = 3

/** When a job whose handler is not here is looked at again, ms. */
export const handlerAgainMs = 5000
