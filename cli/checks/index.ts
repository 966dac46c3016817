import type { Config, Context, ServerFacts } from '../../engine/reader.ts'
import type { Io } from '../io.ts'
import { broker } from './broker.ts'
import { handlers, handlerFiles } from './handlers.ts'
import { failures } from './failures.ts'
import { hooks } from './hooks.ts'
import { node } from './node.ts'
import { permissions } from './permissions.ts'
import { queues } from './queues.ts'
import { schedules } from './schedules.ts'
import { secrets } from './secrets.ts'
import { settings } from './settings.ts'
import { workers } from './workers.ts'

/** What a check has found: `failed` keeps something from working, a warning may. */
export type Finding = {
  check: string
  level: 'ok' | 'warning' | 'failed'
  text: string
  /** A command that mends it, or a sentence that ends in one. */
  fix?: string
}

/** Checks need more and more: the folder, then settings that can be read, then a database of this version. */
export type Place = { io: Io; config: Config | null }
export type Connected = { io: Io; config: Config; context: Context; server: ServerFacts }

/** What one check says. */
export type Said = Omit<Finding, 'check'>
export type Check<Known> = { name: string; find(known: Known): Promise<Said[]> }

/** What is looked at wherever `tq doctor` is called. */
export const local: Check<Place>[] = [node, settings, handlerFiles]
/** What a database is asked for. */
export const remote: Check<Connected>[] = [
  permissions,
  broker,
  workers,
  queues,
  handlers,
  schedules,
  hooks,
  secrets,
  failures,
]
