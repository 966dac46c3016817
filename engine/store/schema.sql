-- What the migrations make: `npm run generate` writes it, a test compares. Nothing reads it but people.

create type end_state as enum ('succeeded', 'failed', 'cancelled', 'skipped', 'omitted');

create type phase as enum ('blocked', 'ready', 'scheduled', 'waiting');

create type run_state as enum ('queued', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled');

create function clock_now()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$select now()$function$;

create table alarm (
  run uuid not null,
  n integer not null,
  at timestamp with time zone not null,
  constraint alarm_pkey PRIMARY KEY (run, n)
);

create table backfill (
  id bigint generated always as identity not null,
  namespace text not null,
  schedule text not null,
  from_at timestamp with time zone not null,
  until_at timestamp with time zone not null,
  concurrency integer not null,
  state text default 'running'::text not null,
  slot timestamp with time zone,
  fired integer default 0 not null,
  present integer default 0 not null,
  problem json,
  open uuid[] default '{}'::uuid[] not null,
  started_at timestamp with time zone default clock_now() not null,
  ended_at timestamp with time zone,
  constraint backfill_pkey PRIMARY KEY (id),
  constraint backfill_concurrency_check CHECK ((concurrency > 0)),
  constraint backfill_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text, 'cancelled'::text])))
);

create table chunk (
  run uuid not null,
  n integer not null,
  chunk integer not null,
  items json not null,
  keys json,
  constraint chunk_pkey PRIMARY KEY (run, n, chunk)
);

create table command (
  id bigint generated always as identity not null,
  namespace text not null,
  workers json,
  type text not null,
  body json not null,
  issued_at timestamp with time zone default clock_now() not null,
  expires_at timestamp with time zone,
  constraint command_pkey PRIMARY KEY (id)
);

create table event_batch (
  id bigint generated always as identity not null,
  at timestamp with time zone default clock_now() not null,
  namespace text not null,
  session integer,
  what smallint[] not null,
  run uuid[],
  n integer[],
  node integer[],
  item integer[],
  tries integer[],
  us bigint[],
  detail json,
  constraint event_batch_pkey PRIMARY KEY (id)
);

create table hook_bucket (
  namespace text not null,
  name text not null,
  tokens double precision not null,
  tokens_at timestamp with time zone not null,
  constraint hook_bucket_pkey PRIMARY KEY (namespace, name)
);

create table hook_rejection (
  namespace text not null,
  hook text not null,
  reason text not null,
  minute timestamp with time zone not null,
  requests bigint not null,
  path text not null,
  detail text,
  last_at timestamp with time zone not null,
  constraint hook_rejection_pkey PRIMARY KEY (namespace, hook, reason, minute)
);

create table idempotency (
  namespace text not null,
  name text not null,
  key text not null,
  input_hash text not null,
  run uuid not null,
  expires_at timestamp with time zone,
  constraint idempotency_pkey PRIMARY KEY (namespace, name, key)
);

create table job (
  run uuid not null,
  due_at timestamp with time zone not null,
  n integer not null,
  plan integer not null,
  node integer not null,
  base integer not null,
  parent integer,
  item integer,
  queue integer not null,
  session integer,
  attempt integer default 0 not null,
  pending integer default 0 not null,
  unmet integer default 0 not null,
  failures integer default 0 not null,
  lost integer default 0 not null,
  inner_base integer,
  created integer,
  total integer,
  stop_above integer,
  rank smallint not null,
  phase phase not null,
  doomed boolean,
  result json,
  grace_ms integer,
  constraint job_pkey PRIMARY KEY (run, n),
  constraint job_check CHECK (((session IS NULL) OR (phase = 'ready'::phase))),
  constraint job_pending_check CHECK ((pending >= 0)),
  constraint job_rank_check CHECK (((rank >= 0) AND (rank <= 9)))
) with (fillfactor=45, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=500, autovacuum_vacuum_cost_delay=0);

create table log (
  run uuid not null,
  n integer not null,
  attempt integer not null,
  id bigint generated always as identity not null,
  at timestamp with time zone default clock_now() not null,
  level text not null,
  message text not null,
  fields json
);

create table manifest (
  namespace text not null,
  kind text not null,
  name text not null,
  revision integer not null,
  origin text default ''::text not null,
  draining boolean default false not null,
  constraint manifest_pkey PRIMARY KEY (namespace, kind, name)
);

create table migration (
  version integer not null,
  hash text not null,
  at timestamp with time zone default now() not null,
  constraint migration_pkey PRIMARY KEY (version)
);

create table namespace (
  name text not null,
  events boolean default true not null,
  constraint namespace_pkey PRIMARY KEY (name)
);

create table outcome (
  run uuid not null,
  n integer not null,
  attempt integer not null,
  tries integer not null,
  node integer not null,
  parent integer,
  item integer,
  state end_state not null,
  final boolean not null,
  lost boolean,
  ready_at timestamp with time zone,
  started_at timestamp with time zone,
  ended_at timestamp with time zone not null,
  session integer,
  code text,
  input json,
  output json,
  error json
) partition by range (run);

create table outcome_default partition of outcome DEFAULT;

create table plan (
  id integer generated always as identity not null,
  hash text not null,
  document json not null,
  constraint plan_pkey PRIMARY KEY (id),
  constraint plan_hash_key UNIQUE (hash)
);

create table queue (
  id integer generated by default as identity not null,
  namespace text not null,
  name text not null,
  paused boolean default false not null,
  concurrency integer,
  rate_count integer,
  rate_ms integer,
  tokens double precision,
  tokens_at timestamp with time zone,
  topic json,
  constraint queue_pkey PRIMARY KEY (id),
  constraint queue_concurrency_check CHECK ((concurrency > 0)),
  constraint queue_namespace_name_key UNIQUE (namespace, name),
  constraint queue_rate_count_check CHECK ((rate_count > 0)),
  constraint queue_rate_ms_check CHECK ((rate_ms > 0))
);

create table relay (
  namespace text not null,
  position bigint not null,
  constraint relay_pkey PRIMARY KEY (namespace)
);

create table reply (
  command bigint not null,
  session integer not null,
  body json not null,
  at timestamp with time zone default clock_now() not null,
  constraint reply_pkey PRIMARY KEY (command, session)
);

create table review (
  namespace text not null,
  id text not null,
  parts json not null,
  made_at timestamp with time zone default clock_now() not null,
  constraint review_pkey PRIMARY KEY (namespace, id)
);

create table revision (
  namespace text not null,
  kind text not null,
  name text not null,
  revision integer not null,
  hash text not null,
  document json not null,
  source text not null,
  file text not null,
  plan integer,
  applied_at timestamp with time zone default clock_now() not null,
  line integer default 1 not null,
  config json,
  constraint revision_pkey PRIMARY KEY (namespace, kind, name, revision),
  constraint revision_kind_check CHECK ((kind = ANY (ARRAY['task'::text, 'queue'::text, 'workflow'::text, 'schedule'::text, 'hook'::text]))),
  constraint revision_revision_check CHECK ((revision > 0))
);

create table run (
  id uuid not null,
  namespace text not null,
  kind text not null,
  name text not null,
  revision integer not null,
  plan integer not null,
  state run_state default 'running'::run_state not null,
  input json not null,
  labels json,
  trigger text not null,
  reason text,
  warnings integer default 0 not null,
  next_n integer not null,
  idempotency_key text,
  started_at timestamp with time zone default clock_now() not null,
  ended_at timestamp with time zone,
  fire_time timestamp with time zone,
  constraint run_pkey PRIMARY KEY (id),
  constraint run_check CHECK (((ended_at IS NOT NULL) = (state = ANY (ARRAY['succeeded'::run_state, 'failed'::run_state, 'cancelled'::run_state])))),
  constraint run_kind_check CHECK ((kind = ANY (ARRAY['task'::text, 'workflow'::text])))
) with (fillfactor=50);

create table schedule (
  namespace text not null,
  name text not null,
  plan integer not null,
  slot timestamp with time zone,
  next_at timestamp with time zone,
  paused boolean default false not null,
  last_slot timestamp with time zone,
  last_run uuid,
  last_at timestamp with time zone,
  fired bigint default 0 not null,
  dropped bigint default 0 not null,
  open uuid[] default '{}'::uuid[] not null,
  problem json,
  draining boolean default false not null,
  constraint schedule_pkey PRIMARY KEY (namespace, name),
  constraint schedule_check CHECK (((slot IS NULL) = (next_at IS NULL)))
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.05);

create table session (
  id integer generated always as identity not null,
  namespace text not null,
  worker text not null,
  host text not null,
  pid integer not null,
  queues json not null,
  handlers json not null,
  concurrency integer not null,
  started_at timestamp with time zone default clock_now() not null,
  lease_ends_at timestamp with time zone not null,
  draining boolean default false not null,
  ended_at timestamp with time zone,
  constraint session_pkey PRIMARY KEY (id)
);

CREATE INDEX alarm_at ON alarm USING btree (at);
CREATE INDEX backfill_running ON backfill USING btree (namespace, id) WHERE (state = 'running'::text);
CREATE INDEX event_batch_at ON event_batch USING btree (at);
CREATE INDEX hook_rejection_minute ON hook_rejection USING btree (namespace, minute);
CREATE INDEX idempotency_expires ON idempotency USING btree (expires_at) WHERE (expires_at IS NOT NULL);
CREATE INDEX job_due ON job USING btree (due_at) WHERE (phase = 'scheduled'::phase);
CREATE INDEX job_ready ON job USING btree (queue, rank, due_at) WHERE (phase = 'ready'::phase);
CREATE INDEX log_job ON log USING btree (run, id);
CREATE INDEX manifest_draining ON manifest USING btree (namespace) WHERE draining;
CREATE INDEX outcome_job ON ONLY outcome USING btree (run, n);
CREATE INDEX schedule_due ON schedule USING btree (namespace, next_at) WHERE (NOT paused);
CREATE INDEX session_open ON session USING btree (id) WHERE (ended_at IS NULL);

alter table manifest add constraint manifest_namespace_kind_name_revision_fkey FOREIGN KEY (namespace, kind, name, revision) REFERENCES revision(namespace, kind, name, revision) DEFERRABLE INITIALLY DEFERRED;

alter table reply add constraint reply_command_fkey FOREIGN KEY (command) REFERENCES command(id) ON DELETE CASCADE;

alter table revision add constraint revision_plan_fkey FOREIGN KEY (plan) REFERENCES plan(id);

alter table schedule add constraint schedule_plan_fkey FOREIGN KEY (plan) REFERENCES plan(id);
