import { evaluate, type Scope } from '../model/expression.ts'
import { withDefaults } from '../model/defaults.ts'
import type { Json, JsonObject } from '../model/json.ts'
import type { PlanNode, Root } from '../model/plan.ts'
import type { HeldJob } from '../store/job.ts'
import { readChunk, readLineage, readResults, type Lineage, type Result } from '../store/outcome.ts'
import type { RunFacts } from '../store/claim.ts'
import { readRuns } from '../store/run.ts'
import type { Sql } from '../store/sql.ts'
import { openCache } from './cache.ts'
import type { LoadedPlan } from './plans.ts'

/** Items of a forEach lie in rows of so many. */
export const chunkSize = 256

/** Where a job stands: enough of its row to find what its expressions see. */
export type Place = Pick<HeldJob, 'run' | 'n' | 'node' | 'base' | 'parent' | 'item' | 'inner_base' | 'result'>

type Chunk = Awaited<ReturnType<typeof readChunk>>

export type Request = { job: Place; loaded: LoadedPlan; roots: Root[] }

/** Reads the values that expressions and default inputs see, in as few round trips as there are levels of scopes. */
export type Values = {
  gather(requests: Request[]): Promise<Scope[]>
  /** Keeps a result that was just settled for its successors here: outcomes never change. */
  remember(result: Result): void
  /** The same for a run that came with its first job. */
  meet(runs: RunFacts[]): void
}

export const openValues = (sql: Sql): Values => {
  const runs = openCache<RunFacts>(2000)
  const results = openCache<Result>(4000)
  const lineages = openCache<Lineage>(4000)
  const chunks = openCache<Chunk>(64)

  const loadRuns = async (ids: string[]): Promise<Map<string, RunFacts>> => {
    const found = new Map<string, RunFacts>()
    const missing: string[] = []
    for (const id of new Set(ids)) {
      const known = runs.get(id)
      if (known) found.set(id, known)
      else missing.push(id)
    }
    if (missing.length > 0)
      for (const run of await readRuns(sql, missing)) {
        runs.set(run.id, run)
        found.set(run.id, run)
      }
    return found
  }

  /** Rows from the job up to the root, as far as each request needs them. */
  const climb = async (requests: Request[]): Promise<Map<Request, Lineage[]>> => {
    const paths = new Map<Request, Lineage[]>(requests.map(request => [request, [request.job]]))
    let open = requests.filter(request => request.roots.some(root => climbs(request, root)))
    const fresh = new Map<string, Lineage>()
    while (open.length > 0) {
      const wanted = open
        .map(request => ({ request, last: paths.get(request)!.at(-1)! }))
        .filter(({ last }) => last.parent !== null)
      const missing = new Map<string, { run: string; n: number }>()
      for (const { last } of wanted) {
        const key = `${last.run}/${last.parent}`
        if (fresh.has(key)) continue
        const known = lineages.get(key)
        if (known) fresh.set(key, known)
        else missing.set(key, { run: last.run, n: last.parent! })
      }
      if (missing.size > 0)
        for (const row of await readLineage(sql, [...missing.values()])) fresh.set(`${row.run}/${row.n}`, row)
      open = []
      for (const { request, last } of wanted) {
        const key = `${last.run}/${last.parent}`
        const row = fresh.get(key)
        if (!row) continue // its container has ended: a doomed straggler, whose settle will be held off
        if (isFixed(request.loaded.nodes[row.node]!)) lineages.set(key, row)
        paths.get(request)!.push(row)
        open.push(request)
      }
    }
    return paths
  }

  return {
    remember: result => void results.set(`${result.run}/${result.n}`, result),
    meet(met) {
      for (const run of met) runs.set(run.id, run)
    },
    async gather(given) {
      const requests = given.map(stored)
      const [known, paths] = await Promise.all([
        loadRuns(requests.filter(needsRun).map(r => r.job.run)),
        climb(requests),
      ])
      // What these requests need is kept here: the caches may forget it before it is looked at.
      const local = new Map<string, Result>()
      const localChunks = new Map<string, Chunk>()
      const wanted = new Map<string, { run: string; n: number }>()
      const items = new Map<string, { run: string; n: number; chunk: number }>()
      for (const request of requests)
        for (const root of request.roots) {
          if (root.name === 'step') {
            const n = numberOf(request, paths.get(request)!, root.node)
            if (n === null) continue
            const key = `${request.job.run}/${n}`
            const before = results.get(key)
            if (before) local.set(key, before)
            else wanted.set(key, { run: request.job.run, n })
          } else if (root.name === 'item' || root.name === 'loop') {
            const at = iteration(request, paths.get(request)!, root.loop)
            if (at) items.set(chunkKey(at), { run: at.run, n: at.n, chunk: Math.floor(at.item / chunkSize) })
          }
        }
      const [rows] = await Promise.all([
        wanted.size > 0 ? readResults(sql, [...wanted.values()]) : [],
        ...[...items].map(async ([key, chunk]) => {
          const found = chunks.get(key) ?? (await readChunk(sql, chunk))
          chunks.set(key, found)
          localChunks.set(key, found)
        }),
      ])
      for (const row of rows) {
        local.set(`${row.run}/${row.n}`, row)
        results.set(`${row.run}/${row.n}`, row)
      }
      return requests.map((request, i) => {
        const passed = request === given[i] ? null : new Map<number, JsonObject>()
        return {
          lookup: root =>
            look({
              root,
              request,
              path: paths.get(request)!,
              run: known.get(request.job.run),
              results: local,
              chunks: localChunks,
              passed,
            }),
        }
      })
    },
  }
}

/** Its roots as what is stored: the inputs of a part of the run are made of what is passed to it. */
const stored = (request: Request): Request =>
  request.roots.some(root => root.name === 'inputs' && root.of !== undefined)
    ? {
        ...request,
        roots: request.roots.flatMap(root =>
          root.name === 'inputs' && root.of !== undefined ? request.loaded.passed(root.of) : [root],
        ),
      }
    : request

/** Rows of such nodes never change in what expressions see of them. */
const isFixed = (node: PlanNode): boolean => !node.onError && node.finally === undefined && !node.retry

const needsRun = (request: Request): boolean =>
  request.roots.some(root => root.name === 'inputs' || root.name === 'run' || root.name === 'trigger')

const climbs = ({ job, loaded }: Request, root: Root): boolean => {
  if (root.name === 'step') {
    const region = loaded.region(root.node)
    return region !== loaded.region(job.node) && region !== loaded.innerRegion(job.node)
  }
  if (root.name === 'item' || root.name === 'loop') return loaded.nodes[job.node]!.parent !== root.loop
  return root.name === 'error' || root.name === 'errors' || root.name === 'run'
}

/** The number of a node's job as seen from a job: that of the nearest enclosing scope which holds the node. */
const numberOf = ({ loaded }: Request, path: Lineage[], node: number): number | null => {
  const region = loaded.region(node)
  for (const row of path) {
    if (loaded.region(row.node) === region) return row.base + node
    if (loaded.innerRegion(row.node) === region && row.inner_base !== null) return row.inner_base + node
  }
  return null
}

type Iteration = { run: string; n: number; item: number }

const iteration = ({ loaded }: Request, path: Lineage[], loop: number): Iteration | null => {
  for (const row of path)
    if (loaded.nodes[row.node]!.parent === loop && row.item !== null)
      return { run: row.run, n: row.parent!, item: row.item }
  return null
}

const chunkKey = ({ run, n, item }: Iteration): string => `${run}/${n}/${Math.floor(item / chunkSize)}`

type Look = {
  root: Root
  request: Request
  path: Lineage[]
  run: RunFacts | undefined
  results: Map<string, Result>
  chunks: Map<string, Chunk>
  /** Inputs of parts of the run, once they are made: each names those around it, and may do so often. */
  passed: Map<number, JsonObject> | null
}

const look = (at: Look): Json | undefined => {
  const { root, request, path, run, results, chunks } = at
  const { nodes } = request.loaded
  if (root.name === 'inputs') {
    if (root.of === undefined) return run?.input
    const known = at.passed?.get(root.of)
    if (known) return known
    const { with: given, call } = nodes[root.of]!
    const values = evaluate(given!, { lookup: inner => look({ ...at, root: inner }) }) as JsonObject
    // It was held against the declared inputs when the part began.
    const inputs = withDefaults(call!.inputs, values)
    at.passed?.set(root.of, inputs)
    return inputs
  }
  if (root.name === 'step') {
    const n = numberOf(request, path, root.node)
    const result = n === null ? undefined : results.get(`${request.job.run}/${n}`)
    return result && fields(result)
  }
  if (root.name === 'item' || root.name === 'loop') {
    const at = iteration(request, path, root.loop)
    if (!at) return undefined
    const chunk = chunks.get(chunkKey(at))
    const index = at.item % chunkSize
    return root.name === 'item' ? chunk?.items[index] : { index: at.item, key: chunk?.keys?.[index] ?? String(at.item) }
  }
  if (root.name === 'error' || root.name === 'errors') return decided(path)?.[root.name]
  if (root.name === 'run' && run) {
    const { of } = root
    const whole = of === undefined ? path.at(-1) : path.find(row => row.node === of + 1)
    return {
      id: run.id,
      workflow: of === undefined ? run.name : nodes[of]!.call!.workflow,
      startedAt: run.started_at.toISOString(),
      state: (whole?.result as JsonObject | null)?.state ?? 'running',
    }
  }
  return undefined
}

/** What the nearest job around had decided when the block opened that this is in. */
const decided = (path: Lineage[]): JsonObject | undefined =>
  path
    .map(row => row.result as JsonObject | null)
    .find(result => result !== null && result !== undefined && 'error' in result) ?? undefined

const fields = (result: Result): JsonObject => ({
  ...(result.state === 'succeeded' ? { output: result.output } : {}),
  state: result.state,
  error: result.error,
  attempts: result.tries,
  ...(result.started_at ? { startedAt: result.started_at.toISOString() } : {}),
  endedAt: result.ended_at.toISOString(),
  failedKeys: (result.error as JsonObject | null)?.failedKeys ?? [],
})
