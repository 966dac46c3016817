/** The door for long-running processes: the services, the embedded Postgres and Kafka. */
import { setFlagsFromString } from 'node:v8'

// What a batch of jobs leaves behind dies young, and V8 lets its young generation grow with it: a forEach of a million items
// held 400 MB. Kept small, it holds 230, at the same rate.
setFlagsFromString('--max-semi-space-size=4')
setFlagsFromString('--semi-space-growth-factor=1')

export { type EmbeddedPostgres, startPostgres } from './runtime/embedded.ts'
export { type EmbeddedKafka, type KafkaOptions, startKafka } from './runtime/embedded-kafka.ts'
export { http, type HttpOptions } from './http/server.ts'
export { beat } from './runtime/beat.ts'
export { chores } from './runtime/chores.ts'
export { relay } from './runtime/relay.ts'
export { reaper } from './runtime/reaper.ts'
export { timers } from './runtime/timers.ts'
export { type Worker, type WorkerOptions, worker } from './runtime/worker.ts'
export { dumpSchema } from './store/dump.ts'
