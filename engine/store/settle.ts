import type { EndState } from '../model/state.ts'
import type { HeldJob, QueuedJob } from './job.ts'
import { code, endCode } from '../model/event.ts'
import { tell } from './event.ts'
import { column, lines, none, part, type Sql } from './sql.ts'

/** The end of a job, and what follows from it by the plan. Numbers of siblings are `n`s. */
export type Ending = {
  run: string
  n: number
  attempt: number
  state: EndState
  /** Decrements its parent. A doomed job does so in any case: the siblings that would speak for it are gone. */
  tells: boolean
  /** Counts as a failure with its parent. */
  fails: boolean
  /** Failures that were tolerated: of this job, or of a forEach's items. */
  warnings: number
  /** Siblings of which one edge is met. */
  met: number[]
  /** Or-joins that are met by this one alone. */
  meets: number[]
  /** Or-joins of which one source cannot be met any more. */
  misses: number[]
  /** Siblings that can no longer be met, transitively; each tells its parent or leaves that to another. */
  omits: { n: number; tells: boolean; misses: number[] }[]
  /** The session takes one job that this makes ready (semantics R11), if the queue lets it. */
  take: boolean
  lost: boolean
  input: string | null
  output: string | null
  error: string | null
  ranMs: number
  code: string | null
  /** Of alsoClaimed and alsoStarted (model/event.ts) what has not been told. */
  untold: number
}

/** A forEach among the parents of settled jobs: what its next items look like. */
export type Refill = { run: string; n: number; node: number; stride: number; queue: number; rank: number }

export type Settled = {
  /** For each ending: false where the fence held it off, because the job is no longer this session's attempt. */
  settled: boolean[]
  /** Now running in this session. */
  taken: HeldJob[]
  /** Now queued, for anybody. `count` where they are too many to name. */
  ready: (QueuedJob | { queue: number; count: number })[]
  /** forEach jobs that stopped because too many items failed. */
  stopped: { run: string; n: number }[]
  /** Runs that ended. */
  ended: string[]
  /** When: ms since 1970, by the database's clock. */
  now: number
}

/**
 * Ends jobs: one statement, one commit (semantics, promise 2). Deletes each job fenced by `(run, n, attempt, session)` and the
 * session's lease, inserts its outcome, omits what can no longer be met, decrements the joins, creates a forEach's next
 * items, and hands back what became ready, one of each taken as running where semantics R11 allows it.
 *
 * Starting a statement of so many parts costs 0.2 ms, so those that a batch has no use for are left out: omissions and
 * or-joins (`omits`), items of a forEach (`loops`), ends of runs and warnings (`runs`). Calling it again with the same arguments changes nothing. Only `locked` waits for locks, and takes them in the order of
 * their ids (unordered: 97 deadlocks and 39 jobs/s; ordered: none and 13,000): jobs that are held have one owner, so their
 * deletion waits for nobody.
 *
 * @param session whose jobs they are; `serves`: ids of the queues of which it may take jobs
 * @param events the namespace whose outbox is told of it; null: none is
 * @param expired true for the reaper, which ends the jobs of a session whose lease has ended
 */
export const settle = async (
  sql: Sql,
  {
    session,
    serves,
    endings,
    refills = [],
    expired = false,
    events = null,
  }: {
    session: number
    serves: number[]
    endings: Ending[]
    refills?: Refill[]
    expired?: boolean
    events?: string | null
  },
): Promise<Settled> => {
  const omits = endings.some(e => e.omits.length > 0 || e.meets.length > 0 || e.misses.length > 0)
  const loops = refills.length > 0
  const runs = endings.some(e => e.n === 0 || e.warnings > 0)
  const [row] = await sql<Row>`
  with ending as materialized (
    select * from unnest(
      ${column(endings.map(e => e.run))}::uuid[],
      ${column(endings.map(e => e.n))}::int[],
      ${column(endings.map(e => e.attempt))}::int[],
      ${column(endings.map(e => e.state))}::end_state[],
      ${column(endings.map(e => e.tells))}::boolean[],
      ${column(endings.map(e => e.fails))}::boolean[],
      ${column(endings.map(e => e.warnings))}::int[],
      ${column(endings.map(e => e.take))}::boolean[],
      ${column(endings.map(e => e.lost))}::boolean[],
      ${column(endings.map(e => Math.round(e.ranMs * 1000)))}::bigint[],
      string_to_array(${lines(endings.map(e => e.code))}, E'\n', ''),
      string_to_array(${lines(endings.map(e => e.input))}, E'\n', ''),
      string_to_array(${lines(endings.map(e => e.output))}, E'\n', ''),
      string_to_array(${lines(endings.map(e => e.error))}, E'\n', ''),
      string_to_array(${lines(endings.map(e => (e.met.length ? column(e.met) : null)))}, E'\n', ''),
      string_to_array(${omits ? lines(endings.map(e => (e.meets.length ? column(e.meets) : null))) : null}::text, E'\n', ''),
      string_to_array(${omits ? lines(endings.map(e => (e.misses.length ? column(e.misses) : null))) : null}::text, E'\n', ''),
      string_to_array(${omits ? lines(endings.map(e => (e.omits.length ? JSON.stringify(e.omits.map(o => [o.n, o.tells, o.misses])) : null))) : null}::text, E'\n', ''),
      ${events === null ? null : column(endings.map(e => endCode(e.state, e.untold)))}::smallint[]
    ) with ordinality as e(run, n, attempt, state, tells, fails, warnings, take, lost, ran_us, code, input, output, error, met, meets, misses, omits, what, i)
  ),
  open_queue as materialized (
    select coalesce(array_agg(id), '{}') as ids from queue
    where id = any(${column(serves)}::int[]) and not paused and concurrency is null and rate_count is null
  ),
  done as (
    delete from job using ending e
    where job.run = e.run and job.n = e.n and job.attempt = e.attempt and job.session = ${session}
      and (${expired} or exists (select from session where id = ${session} and lease_ends_at > clock_now()))
    returning job.run, job.n, job.node, job.parent, job.item, job.due_at, job.doomed, job.failures + job.lost + 1 as tries, e.i, e.attempt, e.state,
      e.tells or job.doomed is true as tells, e.fails, e.warnings, e.take, e.lost, e.ran_us, e.code, e.input, e.output, e.error,
      e.met, e.meets, e.misses, e.omits::json as omits, e.what
  ),
  ${
    omits
      ? part`omit as (
    select done.run, done.parent, (o ->> 0)::int as n, (o ->> 1)::boolean as tells, o -> 2 as misses
    from done, json_array_elements(done.omits) as o where done.omits is not null
  ),`
      : none
  }
  edge as (
    select run, parent as n, tells::int as met, fails::int as failed, false as at_once, take::int, null::boolean as omit_tells, null::json as omit_misses
    from done where parent is not null and (tells or fails)
    union all select done.run, t.n, 1, 0, false, (done.take and t.nth = 1)::int, null, null
      from done, unnest(done.met::int[]) with ordinality t(n, nth) where done.met is not null
    ${
      omits
        ? part`union all select done.run, t.n, 0, 0, true, done.take::int, null, null from done, unnest(done.meets::int[]) t(n) where done.meets is not null
    union all select done.run, t.n, 1, 1, false, done.take::int, null, null from done, unnest(done.misses::int[]) t(n) where done.misses is not null
    union all select run, n, 0, 0, false, 0, tells, misses from omit
    -- what omitted jobs will tell is locked now, in its turn, and counted once they are really gone (told)
    union all select run, parent, 0, 0, false, 1, null, null from omit where tells and parent is not null
    union all select omit.run, m::int, 0, 0, false, 1, null, null from omit, json_array_elements_text(omit.misses) m`
        : none
    }
  ),
  -- lateral: each target is looked up by its key, in order; joined, the planner may walk through all open jobs instead
  locked as materialized (
    select job.*, wanted.met, wanted.failed, wanted.at_once, wanted.take, wanted.omit_tells, wanted.omit_misses
    from (
      select run, n, sum(met)::int as met, sum(failed)::int as failed, bool_or(at_once) as at_once, sum(take)::int as take,
        bool_or(omit_tells) as omit_tells, max(omit_misses::text)::json as omit_misses
      from edge group by run, n order by run, n
    ) wanted,
    lateral (
      select * from job
      where job.run = wanted.run and job.n = wanted.n and job.phase in ('blocked', 'waiting')
      limit 1 for update
    ) job
  ),
  ${
    omits
      ? part`omitted as (
    delete from job using locked
    where locked.omit_tells is not null and locked.phase = 'blocked' and job.run = locked.run and job.n = locked.n
    returning job.run, job.n, job.node, job.parent, job.item, locked.omit_tells as tells, locked.omit_misses as misses
  ),
  told as (
    select run, n, count(*)::int as met, sum(failed)::int as failed
    from (
      select run, parent as n, 0 as failed from omitted where tells and parent is not null
      union all select omitted.run, m::int, 1 from omitted, json_array_elements_text(omitted.misses) m
    ) x group by run, n
  ),`
      : none
  }
  target as materialized (
    select locked.*, s.unmet_now, s.stops and h.held_back > 0 as stopped, p.pending_now, p.pending_now = 0 as is_ready,
      case when locked.total is null or s.stops then locked.created else least(locked.total, locked.created + s.met_now) end as created_now
    from locked
    ${omits ? part`left join told on told.run = locked.run and told.n = locked.n` : part`cross join (select 0 as met, 0 as failed) told`},
    lateral (select locked.met + coalesce(told.met, 0) as met_now, locked.unmet + locked.failed + coalesce(told.failed, 0) as unmet_now) u,
    lateral (select u.met_now, u.unmet_now, locked.total is not null and (locked.doomed is true or u.unmet_now > locked.stop_above) as stops) s,
    lateral (select case when s.stops then locked.total - locked.created else 0 end as held_back) h,
    lateral (select case when locked.at_once then 0 else locked.pending - s.met_now - h.held_back end as pending_now) p
    where locked.omit_tells is null and (locked.at_once or s.met_now > 0 or s.unmet_now > locked.unmet)
  ),
  moved as (
    update job set
      pending = target.pending_now,
      unmet = target.unmet_now,
      created = target.created_now,
      total = case when target.stopped then target.created else target.total end,
      phase = case when target.is_ready then 'ready' else target.phase end,
      due_at = case when target.is_ready then clock_now() else target.due_at end,
      session = case when target.is_ready and target.take > 0 and target.queue = any(open_queue.ids) then ${session}::int end,
      attempt = target.attempt + (target.is_ready and target.take > 0 and target.queue = any(open_queue.ids))::int
    from target, open_queue
    where job.run = target.run and job.n = target.n
    returning job.run, job.n, job.plan, job.node, job.base, job.parent, job.item, job.queue, job.attempt, job.failures, job.lost,
      job.pending, job.unmet, job.inner_base, job.total, job.doomed, job.result, job.session, job.due_at, target.is_ready, target.stopped
  ),
  ${
    loops
      ? part`refill as materialized (
    select * from unnest(
      ${column(refills.map(r => r.run))}::uuid[],
      ${column(refills.map(r => r.n))}::int[],
      ${column(refills.map(r => r.node))}::int[],
      ${column(refills.map(r => r.stride))}::int[],
      ${column(refills.map(r => r.queue))}::int[],
      ${column(refills.map(r => r.rank))}::smallint[]
    ) as r(run, n, node, stride, queue, rank)
  ),
  filled as (
    insert into job (run, due_at, n, plan, node, base, parent, item, queue, session, attempt, rank, phase)
    select target.run, clock_now(), target.inner_base + i * refill.stride, target.plan, refill.node,
      target.inner_base + i * refill.stride - refill.node, target.n, i, refill.queue,
      case when taken then ${session}::int end, taken::int, refill.rank, 'ready'
    from target join refill on refill.run = target.run and refill.n = target.n, open_queue,
      generate_series(target.created, target.created_now - 1) as i,
      lateral (select i - target.created < target.take and refill.queue = any(open_queue.ids) as taken) t
  ),`
      : none
  }
  outcomes as (
    insert into outcome (run, n, attempt, tries, node, parent, item, state, final, lost, ready_at, started_at, ended_at, session, code, input, output, error)
    select run, n, attempt, tries, node, parent, item, state, true, nullif(lost, false), due_at,
      clock_now() - ran_us * interval '1 microsecond', clock_now(), ${session}::int, code, input::json, output::json, error::json
    from done
    ${
      omits
        ? part`union all
    select run, n, 0, 0, node, parent, item, 'omitted', true, null, null, null, clock_now(), null, null, null, null, null from omitted`
        : none
    }
  )${
    runs
      ? part`,
  runs as (
    update run set
      warnings = run.warnings + sums.warnings,
      state = coalesce(sums.state::text::run_state, run.state),
      ended_at = case when sums.state is null then run.ended_at else clock_now() end
    from (
      select run, sum(warnings)::int as warnings, max(state) filter (where n = 0) as state
      from done where n = 0 or warnings > 0 group by run order by run
    ) sums
    where run.id = sums.run
    returning run.id, run.ended_at, run.state
  )`
      : none
  }
  ${tell(
    events,
    session,
    part`
    select what, run, n, node, item, tries, ran_us as us from done
    ${omits ? part`union all select ${code['job.omitted']}::smallint, run, n, node, item, 1, null from omitted` : none}
    union all select ${code['job.queued']}::smallint, run, n, node, item, failures + lost + 1, null from moved where is_ready and queue <> 0
    ${
      loops
        ? part`union all select ${code['job.queued']}::smallint, target.run, target.inner_base + i * refill.stride, refill.node, i, 1, null
      from target join refill on refill.run = target.run and refill.n = target.n, generate_series(target.created, target.created_now - 1) as i where refill.queue <> 0`
        : none
    }
    ${
      runs
        ? part`union all select (case state when 'succeeded' then ${code['run.succeeded']} when 'failed' then ${code['run.failed']} else ${code['run.cancelled']} end)::smallint,
      id, 0, 0, null, 1, null from runs where ended_at is not null`
        : none
    }`,
  )}
  select
    (select array_agg(i::int) from done) as done,
    (select json_agg(json_build_object('run', run, 'n', n, 'plan', plan, 'node', node, 'base', base, 'parent', parent, 'item', item,
       'queue', queue, 'attempt', attempt, 'failures', failures, 'lost', lost, 'pending', pending, 'unmet', unmet,
       'inner_base', inner_base, 'total', total, 'doomed', doomed, 'result', result, 'ready', extract(epoch from due_at)))
     from moved where is_ready and session is not null) as taken,
    (select json_agg(json_build_object('queue', queue, 'run', run, 'n', n, 'attempt', attempt))
     from moved where is_ready and session is null) as ready,
    (select json_agg(json_build_object('run', run, 'n', n)) from moved where stopped) as stopped,
    ${
      loops
        ? part`(select json_agg(json_build_object('run', target.run, 'parent', target.n, 'plan', target.plan, 'node', refill.node,
       'first', target.inner_base, 'stride', refill.stride, 'queue', refill.queue, 'since', target.created, 'count', target.created_now - target.created,
       'taken', case when refill.queue = any(open_queue.ids) then least(target.take, target.created_now - target.created) else 0 end))
     from target join refill on refill.run = target.run and refill.n = target.n, open_queue where target.created_now > target.created) as filled`
        : part`null::json as filled`
    },
    ${runs ? part`(select json_agg(id) from runs where ended_at is not null)` : part`null::json`} as ended,
    extract(epoch from clock_now())::float8 * 1000 as now`
  return report(row!, endings.length)
}

/** New items of a forEach: `count` from item `since`, the first `taken` of them by this session. */
type Filled = {
  run: string
  parent: number
  plan: number
  node: number
  first: number
  stride: number
  queue: number
  since: number
  count: number
  taken: number
}
type Row = {
  done: number[] | null
  taken: HeldJob[] | null
  ready: QueuedJob[] | null
  stopped: { run: string; n: number }[] | null
  filled: Filled[] | null
  ended: string[] | null
  now: number
}

const report = (row: Row, endings: number): Settled => {
  const settled = new Array<boolean>(endings).fill(false)
  for (const i of row.done ?? []) settled[i - 1] = true
  const filled = row.filled ?? []
  return {
    settled,
    taken: [...(row.taken ?? []), ...filled.flatMap(items)],
    ready: [
      ...(row.ready ?? []),
      ...filled.filter(f => f.count > f.taken).map(({ queue, count, taken }) => ({ queue, count: count - taken })),
    ],
    stopped: row.stopped ?? [],
    ended: row.ended ?? [],
    now: row.now,
  }
}

/** The taken ones of new items, which the statement only counts: their numbers follow from the first. */
const items = (f: Filled): HeldJob[] =>
  Array.from({ length: f.taken }, (_, k) => {
    const item = f.since + k
    const n = f.first + item * f.stride
    return {
      run: f.run,
      n,
      plan: f.plan,
      node: f.node,
      base: n - f.node,
      parent: f.parent,
      item,
      queue: f.queue,
      attempt: 1,
      failures: 0,
      lost: 0,
      pending: 0,
      unmet: 0,
      inner_base: null,
      total: null,
      doomed: null,
      result: null,
      ready: Date.now() / 1000,
    }
  })
