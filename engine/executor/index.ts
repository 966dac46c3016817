export { openPool } from './pool.ts'
export type { LogLine, Pool, PoolOptions, PoolStats, Progress, Result, Work } from './work.ts'
