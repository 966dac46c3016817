import { type Log, type LogLevel, logLevels } from '../engine/client.ts'
import type { Io } from './io.ts'

/** What a process for production prints while it runs: a line for people, or with `json` an object for machines. */
export const openLog = (
  io: Io,
  { json, fields = {} }: { json: boolean; fields?: Record<string, unknown> },
): { log: Log; setLevel(level: LogLevel): void } => {
  let threshold: LogLevel = io.env.TQ_DEBUG ? 'debug' : 'info'
  return {
    setLevel: level => void (threshold = level),
    log(level, message, more = {}) {
      if (logLevels.indexOf(level) < logLevels.indexOf(threshold)) return
      io.err(
        json
          ? JSON.stringify({ time: new Date().toISOString(), level, msg: message, ...fields, ...more })
          : `${new Date().toTimeString().slice(0, 8)} ${level}: ${message}`,
      )
    },
  }
}
