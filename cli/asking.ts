import { type Answer, ask, type Context, type Json, type JsonObject, parseDuration, TqError } from '../engine/client.ts'
import type { Options } from './command.ts'
import type { Io } from './io.ts'
import { print, type Table } from './output.ts'
import { yamlText } from './yaml.ts'

/**
 * How an answer is shown to people: cells for one worker's answer, as many rows as it takes; or `fields`: below the worker's
 * name, a line each.
 */
export type Shape = { header: string[]; rows(answer: Json): string[][] } | 'fields'

/**
 * Asks workers and prints what they answer; who said nothing, on stderr. As with Celery, some answers are enough.
 *
 * @returns the exit code: 1 where a worker refused
 * @throws NO_REPLY
 */
export const askWorkers = async (
  io: Io,
  context: Context,
  options: Options,
  { type, body, lasting, shape }: { type: string; body: JsonObject; lasting: boolean; shape: Shape },
): Promise<number> => {
  const { answers, silent } = await ask(context, { type, body, lasting, ...askedOf(options) })
  print(io, options.output, { data: answers, names: answers.map(one => one.worker), table: tableOf(answers, shape) })
  for (const one of silent) io.err(`no answer from ${one}${lasting ? '; it obeys when it is back' : ''}`)
  for (const name of twins(answers)) io.err(`several workers are called ${name}; give each a name of its own (--name)`)
  return answers.some(one => 'error' in one) ? 1 : 0
}

const tableOf = (answers: Answer[], shape: Shape): Table => {
  if (shape === 'fields') return { header: [], rows: answers.flatMap(block) }
  return {
    header: shape.header.length > 0 ? ['WORKER', 'PID', ...shape.header] : [],
    rows: answers.flatMap(one => {
      const cells = 'error' in one ? [[`error: ${one.error}`]] : shape.rows(one.answer)
      return cells.map(row => [one.worker, String(one.pid), ...row])
    }),
  }
}

const block = (one: Answer): string[][] => {
  const text = 'error' in one ? `error: ${one.error}` : yamlText(one.answer, { lineWidth: 0 })
  return [`${one.worker}  pid ${one.pid}`, ...text.split('\n').map(line => `  ${line}`)].map(line => [line])
}

const askedOf = (options: Options): { workers: string[] | null; timeoutMs: number } => {
  const timeoutMs = parseDuration(String(options.timeout))
  if (timeoutMs === undefined)
    throw new TqError('USAGE', `--timeout ${options.timeout} is no duration; write one such as 500ms or 2s`)
  const names = typeof options.destination === 'string' ? options.destination.split(',').filter(Boolean) : null
  return { workers: names, timeoutMs }
}

const twins = (answers: Answer[]): string[] => {
  const names = answers.map(one => one.worker)
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))]
}
