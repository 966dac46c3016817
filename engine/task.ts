/**
 * What handlers import. A handler is a module of the handlers' folder whose default export is a function; the file's
 * path without its extension is the handler's name. This file imports nothing, so that handlers stay light.
 */
export type Handler<Input = unknown, Output = unknown> = (input: Input, context: Context) => Output | Promise<Output>

/** What a handler is told about the attempt it runs, and how it talks back. */
export type Context = {
  /** Aborts when the attempt is cancelled or its time is up; after a grace its process is killed. */
  readonly signal: AbortSignal
  /** Grows with every try of the job, from 1. */
  readonly attempt: number
  /** The same for all attempts of a job: give it to what must not happen twice. */
  readonly idempotencyKey: string
  /** The run's id. */
  readonly run: string
  /** The job's path in the run: ids of steps, joined by `/`. */
  readonly job: string
  /** The task's name. */
  readonly task: string
  /** Writes a line to the job's log, as `console.log` does; `fields` must be JSON. */
  log(message: string, fields?: Record<string, unknown>): void
  /** Tells how far the attempt is, `fraction` from 0 to 1; of several in one turn of the event loop the last counts. */
  progress(fraction: number, text?: string): void
}

/**
 * Gives a handler its types: `export default defineTask<Input, Output>(async (input, { signal }) => …)`.
 *
 * @returns the same function
 */
export const defineTask = <Input = unknown, Output = unknown>(
  handler: Handler<Input, Output>,
): Handler<Input, Output> => handler

/** The tasks of a project by their names, with what they want and give: `tq.d.ts`, which tq makes of the manifests, fills it in. */
// biome-ignore lint/suspicious/noEmptyInterface: a declaration of the project's own is merged into it
export interface Tasks {}

/** The same of workflows: what they are started with. */
// biome-ignore lint/suspicious/noEmptyInterface: a declaration of the project's own is merged into it
export interface Workflows {}

/** The input of a task of the project, by its `inputSchema`. */
export type TaskInput<Name extends keyof Tasks> = Tasks[Name] extends { input: infer Input } ? Input : unknown

/** The output of a task of the project, by its `outputSchema`. */
export type TaskOutput<Name extends keyof Tasks> = Tasks[Name] extends { output: infer Output } ? Output : unknown
