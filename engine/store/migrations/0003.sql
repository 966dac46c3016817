-- Hooks.


-- Until when a key is kept at least; null: as long as its run is known.
alter table idempotency add column expires_at timestamptz;
create index idempotency_expires on idempotency (expires_at) where expires_at is not null;

-- What a hook may still take under its rate limit, as of `tokens_at`.
create table hook_bucket (
  namespace text not null,
  name text not null,
  tokens double precision not null,
  tokens_at timestamptz not null,
  primary key (namespace, name)
);

-- Requests that started nothing, counted by hook, reason and minute: an attacker fills no disk. Nothing of what was sent is
-- kept, but for the path where no hook has it.
create table hook_rejection (
  namespace text not null,
  hook text not null,         -- empty: no hook has the path
  reason text not null,
  minute timestamptz not null,
  requests bigint not null,
  path text not null,
  detail text,                -- of the last one
  last_at timestamptz not null,
  primary key (namespace, hook, reason, minute)
);
create index hook_rejection_minute on hook_rejection (namespace, minute);
