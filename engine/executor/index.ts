export { openPool } from './pool.ts'
export type { LogLine, Pool, PoolAttempt, PoolOptions, PoolStats, Progress, Result, Work } from './work.ts'
