import type { Io } from './io.ts'

/** The flags of a command line as they were given, by their long names. */
export type Options = Record<string, string | string[] | boolean | undefined> & { output?: string }
/** What a command does. @returns its exit code */
export type Action = (io: Io, options: Options, ...args: (string | string[] | undefined)[]) => Promise<number>

/** A flag, what it does, its default, and what it may be: of a list of words help tells, and any other is refused. */
export type Flag = [flags: string, text: string, fallback?: string | undefined, values?: Words]

/** A command as its help shows it, and where its code is: loaded when it is called. */
export type CommandSpec = {
  usage: string
  summary: string
  options: Flag[]
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

/** Words to choose from; what is asked for when somebody wants to know; or one of these by the word before. */
export type Words = readonly string[] | Asked | { readonly [before: string]: readonly string[] | Asked }
/** What the engine or a database knows the names of. */
export type Asked =
  | ('startable' | 'manifest' | 'plan-or-run' | 'run' | 'workflow' | 'task' | 'queue' | 'schedule' | 'hook' | 'worker')
  | ('input' | 'state' | 'log-level')
