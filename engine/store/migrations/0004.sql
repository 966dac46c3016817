-- Changing what is applied.

-- Where a revision's text begins in its file, and the values of `config` that went into it (null: none).
alter table revision add column line int not null default 1, add column config json;

-- It is deleted when its last run has ended. Of a schedule or a hook: when the workflow that it starts is, and until then it fires nothing.
alter table manifest add column draining boolean not null default false;
alter table schedule add column draining boolean not null default false;
create index manifest_draining on manifest (namespace) where draining;

-- What `tq diff` has shown, by its id: kept to say what has moved when somebody applies exactly that.
create table review (
  namespace text not null,
  id text not null,
  parts json not null,        -- a manifest each: what was done to it, from which revision, to which content
  made_at timestamptz not null default clock_now(),
  primary key (namespace, id)
);
