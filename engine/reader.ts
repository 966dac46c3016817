/**
 * The door for those who only look: a client without the compiler and what starts runs, because loading these takes longer than
 * most looks. `engine/client.ts` has all of it too.
 */
import { type KafkaOptions, openBroker } from './broker/index.ts'
import { TqError } from './model/errors.ts'
import { type Context, type Log, openContext, queueOf } from './runtime/context.ts'
import { isFull, isLostConnection } from './runtime/patience.ts'
import { refusalOf } from './runtime/refusal.ts'
import { migrationState, otherText } from './store/migrate.ts'
import { openDatabase } from './store/sql.ts'

export type { KafkaOptions, TopicReport } from './broker/index.ts'
export { errorCodes, type JobError, jobErrorNames, TqError } from './model/errors.ts'
export type { Json, JsonObject } from './model/json.ts'
export type { Edge, Plan, PlanNode, RetryPolicy } from './model/plan.ts'
export { formatDuration, parseDuration } from './model/duration.ts'
export { formatMoment } from './model/schedule/moment.ts'
export { isZone, wallOf } from './model/schedule/zone.ts'
export { didYouMean, nearest, oneOf } from './model/similar.ts'
export { type Kind, kindWords } from './model/kind.ts'
export { printId, shortId } from './model/id.ts'
export { ended, type JobState, jobStates, type RunState, runStates } from './model/state.ts'
export { type Context, type Log, type LogLevel, logLevels } from './runtime/context.ts'
export type { HookSpec } from '../schemas/manifest.types.ts'
export { hooksPrefix } from './model/hook.ts'
export { isAt, jobPaths, pathOf, type PlacedJob } from './model/job.ts'
export { formatRate } from './runtime/limit.ts'
export { type Load, openLoad } from './runtime/load.ts'
export { type Reason, why, whyEnded } from './runtime/why.ts'
export { listHandlers } from './runtime/handlers.ts'
export { noSuchManifest, resolveManifest } from './runtime/names.ts'
export {
  resolveRun,
  runAliases,
  type RunResult,
  type Snapshot,
  snapshot,
  wait,
  watch,
  type WatchedNode,
} from './runtime/watch.ts'
export type { Progress, Shown } from './store/tally.ts'
export { type MigrationState, migrationState, otherText } from './store/migrate.ts'
export { type ManifestRow, readManifest, readManifests, readNames, readQueues } from './store/manifest.ts'
export { type BackfillRow, listBackfills } from './store/backfill.ts'
export { readLogs, type StoredLog } from './store/log.ts'
export {
  failedRuns,
  missingGrants,
  neededHandlers,
  neededSecrets,
  serverFacts,
  type ServerFacts,
} from './store/checkup.ts'
export { queueDepths } from './store/metrics.ts'
export { listRejections, readClock } from './store/hook.ts'
export { readTriggers } from './store/trigger.ts'
export { variableOf } from './model/secret.ts'
export { openSecrets } from './runtime/secret.ts'
export { verifyOf } from './model/hook.ts'
export { countRunsUpTo, type Labels, listRuns, readRuns, type RunRow } from './store/run.ts'
export { listSchedules, type ScheduleRow } from './store/schedule.ts'
export { listSessions } from './store/session.ts'
export { openDatabase } from './store/sql.ts'
export {
  type Config,
  type DevFile,
  devFile,
  defaultPort,
  localKafka,
  port,
  readConfig,
  runningDev,
  variables,
} from './runtime/config.ts'
export {
  type AttemptView,
  type JobView,
  listAttempts,
  countJobs,
  listJobs,
  readPlaces,
  listOpenJobs,
  type NodeCount,
  readRoot,
} from './store/view.ts'

/** Any error as one of tq's own: a lost connection is DATABASE_UNREACHABLE, what is not foreseen INTERNAL. */
export const explain = (error: unknown): TqError => {
  if (error instanceof TqError) return error
  const { message = '', path, syscall } = (error ?? {}) as { message?: string; path?: string; syscall?: string }
  if (path !== undefined && syscall !== 'connect') return new TqError('USAGE', message, { cause: error })
  const refusal = refusalOf(error)
  if (refusal) return new TqError('DATABASE_REFUSED', refusal, { cause: error })
  if (isFull(error))
    return new TqError(
      'DATABASE_UNREACHABLE',
      `the database takes no more connections (${message}); raise its max_connections, or put a pooler before it`,
      { cause: error },
    )
  return isLostConnection(error)
    ? new TqError('DATABASE_UNREACHABLE', `the database does not answer: ${message}`, { cause: error })
    : new TqError('INTERNAL', message || String(error), { cause: error })
}

export type ClientOptions = {
  databaseUrl: string
  schema: string
  namespace: string
  log: Log
  connections?: number
  /** Absent: messages go through Postgres. */
  kafka?: KafkaOptions | null
}

/**
 * Connects. @throws DATABASE_UNREACHABLE, and SCHEMA_OUTDATED where the database was not migrated to this version
 */
export const openClient = async (options: ClientOptions): Promise<Context & { close(): Promise<void> }> => {
  const database = openDatabase(options.databaseUrl, { schema: options.schema, max: options.connections ?? 2 })
  try {
    const { version, latest, changed } = await migrationState(database.sql)
    if (version !== latest)
      throw new TqError(
        'SCHEMA_OUTDATED',
        `the database is at schema ${version}, this tq needs ${latest}; ${changed.length > 0 ? `${otherText(changed)}: \`tq doctor\` says the way out` : 'run `tq db migrate`'}`,
      )
    const broker = await openBroker({
      ...options,
      queue: queueOf(() => context),
      log: message => options.log('warn', message),
    })
    const context = openContext({ ...options, database, broker })
    return {
      ...context,
      async close() {
        await broker.close()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    if (!isLostConnection(error)) throw error
    throw new TqError(
      'DATABASE_UNREACHABLE',
      `the database does not answer: ${(error as Error).message}; start it, or correct TQ_DATABASE_URL`,
      { cause: error },
    )
  }
}
