/**
 * The door for programs and the command line: compile, apply, start, watch and cancel. Everything goes through the database;
 * no worker need be near.
 */
export * from './reader.ts'
export {
  type Compiled,
  compile,
  type Diagnostic,
  type Difference,
  formatDiagnostic,
  type Source,
} from './compile/index.ts'
export { declarations } from './compile/project/declarations.ts'
export { maxManifestBytes } from './compile/text/limit.ts'
export { editorSchema } from './compile/project/editorSchema.ts'
export { readProject } from './compile/project/project.ts'
export { isObject } from './model/json.ts'
export { readCron } from './model/schedule/cron.ts'
export { type Timing, timingOf } from './model/schedule/timing.ts'
export { type Applied, apply, type Wanted } from './runtime/apply.ts'
export {
  type Change,
  type ChangeAction,
  type Effect,
  isChange,
  keyOf,
  type Unannounced,
} from './runtime/change/change.ts'
export { removeNamed } from './runtime/change/remove.ts'
export type { TopicsReport } from './runtime/change/topics.ts'
export { cancelRun, cancelStep } from './runtime/cancel.ts'
export { type Answer, ask, type Question } from './runtime/command/ask.ts'
export { type CloudEvent, type EventReader, openEvents, switchEvents } from './runtime/events.ts'
export { hookNamed, type NamedHook } from './runtime/hook/named.ts'
export { secretName } from './model/secret.ts'
export { schemes, sign } from './http/scheme/index.ts'
export { type Exported, exported, history, rollback } from './runtime/history.ts'
export { cancelBackfill, planBackfill, startBackfill } from './runtime/schedule/backfill.ts'
export {
  findSchedule,
  fireTimes,
  parseMoment,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
} from './runtime/schedule/control.ts'
export { prepareStart, start, startMany, type Startable } from './runtime/start.ts'
export { eventTypes, type EventType } from './model/event.ts'
export { positionAt } from './store/event.ts'
export { setRateLimit } from './runtime/limit.ts'
export { migrate } from './store/migrate.ts'
export { openRunsWith } from './store/run.ts'
