-- Triggers: what starts runs by itself. A trigger as compiled is a row of `plan`, and its revision names it.
alter table revision drop constraint revision_kind_check;
alter table revision add constraint revision_kind_check check (kind in ('task', 'queue', 'workflow', 'schedule', 'hook'));

-- The nominal fire time of the run that a schedule started.
alter table run add column fire_time timestamptz;

-- A row a schedule: its state, which outlives its revisions. `slot` is a nominal fire time.
create table schedule (
  namespace text not null,
  name text not null,
  plan int not null references plan,
  slot timestamptz,           -- the next; null: there is none any more
  next_at timestamptz,        -- when it is looked at: the slot with its jitter, later while it waits for an open run
  paused boolean not null default false,
  last_slot timestamptz,
  last_run uuid,
  last_at timestamptz,
  fired bigint not null default 0,
  dropped bigint not null default 0, -- slots without a run: skipped, missed, or with a problem
  open uuid[] not null default '{}', -- runs that may be open, where that matters
  problem json,               -- the last: name, message, slot, at
  primary key (namespace, name),
  check ((slot is null) = (next_at is null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
create index schedule_due on schedule (namespace, next_at) where not paused;

-- Slots of the past that are run on request.
create table backfill (
  id bigint generated always as identity primary key,
  namespace text not null,
  schedule text not null,
  from_at timestamptz not null,
  until_at timestamptz not null,
  concurrency int not null check (concurrency > 0),
  state text not null default 'running' check (state in ('running', 'done', 'cancelled')),
  slot timestamptz,           -- how far it has come: the last that was dealt with
  fired int not null default 0,
  present int not null default 0, -- slots that had their run before
  problem json,
  open uuid[] not null default '{}',
  started_at timestamptz not null default clock_now(),
  ended_at timestamptz
);
create index backfill_running on backfill (namespace, id) where state = 'running';
