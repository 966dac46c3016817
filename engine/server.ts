/** The door for long-running processes: the services and the embedded Postgres. */
export { type EmbeddedPostgres, startPostgres } from './runtime/embedded.ts'
export { reaper } from './runtime/reaper.ts'
export { timers } from './runtime/timers.ts'
export { type Worker, type WorkerOptions, worker } from './runtime/worker.ts'
export { dumpSchema } from './store/dump.ts'
