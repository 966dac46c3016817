import { pollMs } from '../../engine/runtime/puller.ts'
import { lookMs } from '../../engine/runtime/reaper.ts'
import { leaseMs } from './world.ts'

/** Where two cores run everything, broker and database too, a claim, a start and a settle may take so long. */
const busyMs = 500

/** A ready job is found by the next look, whatever becomes of hints: a look a second, and a quarter of it at random. */
export const hintLostMs = pollMs * 1.25 + busyMs

/** The lock of a dead worker's session is free at once; two looks of a reaper see it, then its jobs are as ready as any. */
export const workerLostMs = 2 * lookMs * 1.1 + hintLostMs

/** A worker that is only stopped keeps its lock: its lease must end, which one look sees. */
export const leaseLostMs = leaseMs + lookMs * 1.1 + hintLostMs

/**
 * Once Postgres is back. A session whose lease ended meanwhile has lost its jobs; for one lease from Postgres's start
 * reapers wait for workers to renew, then they take them.
 */
export const postgresLostMs = leaseMs + workerLostMs
