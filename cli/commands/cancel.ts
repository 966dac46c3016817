import {
  cancelRun,
  cancelStep,
  type Context,
  openRunsWith,
  parseDuration,
  printId,
  resolveRun,
  TqError,
} from '../../engine/client.ts'
import { connected } from '../connect.ts'
import { print } from '../output.ts'
import type { Action, Options } from '../command.ts'
import { labelsOf } from '../options.ts'

/** What is to be cancelled: a run (its uuid), or a step of it. */
type Target = { run: string; step: string | null }

const cancel: Action = (io, options, given) => {
  const typed = (given ?? []) as string[]
  if (typed.length === 0 && !options.label)
    throw new TqError('USAGE', 'say what: tq cancel RUN, tq cancel RUN/STEP, or tq cancel --label name=value')
  const graceMs = graceOf(options)
  return connected(io, async context => {
    const how = { reason: String(options.reason), graceMs }
    const results: { id: string; step: string | null; cancelled: boolean }[] = []
    for (const { run, step } of await targets(context, options, typed)) {
      const cancelled = step === null ? cancelRun(context, { run, ...how }) : cancelStep(context, { run, step, ...how })
      results.push({ id: printId(run), step, cancelled: await cancelled })
    }
    print(io, options.output, {
      data: results,
      names: results.map(({ id, step }) => (step === null ? id : `${id}/${step}`)),
      table: {
        header: [],
        rows: results.map(({ id, step, cancelled }) => [
          step === null ? `run ${id.slice(-8)}` : `step ${id.slice(-8)}/${step}`,
          cancelled ? 'is being cancelled' : 'had ended before',
        ]),
      },
    })
    if (results.length === 0) io.err('no run with these labels is open: tq get runs --label name=value')
    for (const { id, cancelled } of results) if (cancelled) io.err(`see it end: tq watch ${id.slice(-8)}`)
    return 0
  })
}
export default cancel

const targets = async (context: Context, options: Options, typed: string[]): Promise<Target[]> => {
  const found: Target[] = []
  for (const text of typed) {
    const [run, ...path] = text.split('/')
    found.push({ run: await resolveRun(context, run!), step: path.length > 0 ? path.join('/') : null })
  }
  if (options.label)
    for (const { id } of await openRunsWith(context.sql, { namespace: context.namespace, labels: labelsOf(options) }))
      found.push({ run: id, step: null })
  return found
}

const graceOf = (options: Options): number | undefined => {
  if (options.force) return 0
  if (options.grace === undefined) return undefined
  const ms = parseDuration(String(options.grace))
  if (ms === undefined) throw new TqError('USAGE', `--grace ${options.grace} is no duration; write one such as 10s`)
  return ms
}
