import type { Io } from './io.ts'

/** The flags of a command line as they were given, by their long names. */
export type Options = Record<string, string | string[] | boolean | undefined> & { output?: string }
/** What a command does. @returns its exit code */
export type Action = (io: Io, options: Options, ...args: (string | string[] | undefined)[]) => Promise<number>

/** A command as its help shows it, and where its code is: loaded when it is called. */
export type CommandSpec = {
  usage: string
  summary: string
  /** Flags, what they do, the default. */
  options: [string, string, string?][]
  /** What `-o` may be; absent: table, json, yaml, name. */
  formats?: string[]
  examples: string[]
  /** What its words may be, for completion: one for each, the last for all that follow. */
  words?: Words[]
  /** Not among the commands that help lists. */
  hidden?: true
  /** Its help ends with the table of exit codes. */
  exits?: boolean
  load(): Promise<{ default: Action }>
}

/** Words to choose from, or what a database knows the names of. */
export type Words = readonly string[] | 'startable' | 'manifest' | 'plan-or-run' | 'run' | 'schedule' | 'hook'
