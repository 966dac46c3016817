import { type Json, type JsonObject, oneOf, shortId, TqError } from '../../engine/client.ts'
import { askWorkers, type Shape } from '../asking.ts'
import { connected } from '../connect.ts'
import { ago } from '../output.ts'
import type { Action } from '../command.ts'

const inspect: Action = (io, options, what) => {
  if (what === undefined) throw new TqError('USAGE', `say what to inspect: ${Object.keys(shapes).join(', ')}`)
  const type = String(what)
  const shape = shapes[type]
  if (!shape) throw new TqError('USAGE', `"${type}" is nothing to inspect${oneOf(type, Object.keys(shapes))}`)
  return connected(io, context => askWorkers(io, context, options, { type, body: {}, lasting: false, shape }))
}
export default inspect

/** One row of each element of a list; `none` where it is empty. */
const list = (header: string[], cells: (element: JsonObject) => string[]): Shape => ({
  header,
  rows: answer => ((answer as JsonObject[]).length > 0 ? (answer as JsonObject[]).map(cells) : [['none']]),
})

const text = (value: Json | undefined): string =>
  value === null || value === undefined ? '—' : typeof value === 'string' ? value : JSON.stringify(value)
const jobOf = (job: JsonObject): string => `${shortId(String(job.run))}/${job.job || '(run)'}`

const shapes: Record<string, Shape> = {
  ping: { header: [], rows: answer => [[text((answer as JsonObject).ok)]] },
  active: list(['CHILD', 'JOB', 'TASK', 'ATTEMPT', 'SINCE', 'INPUT'], job => [
    text(job.pid),
    jobOf(job),
    text(job.task),
    text(job.attempt),
    ago(String(job.since)),
    text(job.input),
  ]),
  reserved: list(['JOB', 'TASK', 'ATTEMPT', 'INPUT'], job => [
    jobOf(job),
    text(job.task),
    text(job.attempt),
    text(job.input),
  ]),
  scheduled: list(['JOB', 'TASK', 'QUEUE', 'PRIORITY', 'DUE'], job => [
    jobOf(job),
    text(job.task),
    text(job.queue),
    text(job.priority),
    text(job.due),
  ]),
  revoked: list(['JOB', 'TASK', 'ATTEMPT'], job => [jobOf(job), text(job.task), text(job.attempt)]),
  registered: list(['HANDLER', 'TIME LIMIT'], one => [
    text(one.handler),
    one.timeLimitMs === null ? '' : `${one.timeLimitMs} ms`,
  ]),
  stats: 'fields',
  conf: 'fields',
  report: 'fields',
  queues: list(['QUEUE', 'CONCURRENCY', 'RATE', 'PAUSED'], queue => [
    text(queue.name),
    text(queue.concurrency),
    text(queue.rateLimit),
    queue.paused ? 'paused' : '',
  ]),
}
