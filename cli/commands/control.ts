import {
  type Context,
  type Json,
  type JsonObject,
  logLevels,
  oneOf,
  parseDuration,
  setRateLimit,
  switchEvents,
  TqError,
} from '../../engine/client.ts'
import { askWorkers } from '../asking.ts'
import { connected } from '../connect.ts'
import { print } from '../output.ts'
import type { Action, Options } from '../command.ts'
import { countOf } from './run.ts'

const control: Action = (io, options, what, given) => {
  const all = [...Object.keys(orders), ...Object.keys(settings)]
  if (what === undefined) throw new TqError('USAGE', `say what to tell workers: ${all.join(', ')}`)
  const type = String(what)
  const args = (given ?? []) as string[]
  const order = orders[type] ?? settings[type]
  if (!order) throw new TqError('USAGE', `"${type}" is no order${oneOf(type, all)}`)
  const [fewest, most] = order.args
  if (args.length < fewest || args.length > most)
    throw new TqError('USAGE', `write tq control ${type} ${order.usage}`.trimEnd())
  if (options.force && type !== 'shutdown') throw new TqError('USAGE', `--force is for shutdown, not for ${type}`)
  if (options.destination && 'set' in order)
    throw new TqError('USAGE', `${type} holds for all workers, those that come later as well: leave out --destination`)
  if ('set' in order)
    return connected(io, async context => {
      const { data, name, said } = await order.set(context, args)
      print(io, options.output, { data, names: [name], table: { header: [], rows: [[said]] } })
      return 0
    })
  const body = order.body(args, options)
  return connected(io, context =>
    askWorkers(io, context, options, {
      type,
      body,
      lasting: true,
      shape: { header: [], rows: answer => [[said(answer)]] },
    }),
  )
}
export default control

/** What the answer says, in words: `children: 3`. */
const said = (answer: Json): string =>
  Object.entries(answer as JsonObject)
    .map(
      ([name, value]) =>
        `${name}: ${Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : value}`,
    )
    .join('; ')

/** How many arguments, what they are called, and the command's body made of them. */
type Order = { args: [number, number]; usage: string; body(args: string[], options: Options): JsonObject }

const by = (word: string): Order => ({
  args: [0, 1],
  usage: '[N]',
  body: ([count = '1']) => ({ by: countOf(word, count) }),
})
const queue: Order = { args: [1, 1], usage: 'QUEUE', body: ([name]) => ({ queue: name! }) }

const orders: Record<string, Order> = {
  'pool-grow': by('pool-grow'),
  'pool-shrink': by('pool-shrink'),
  autoscale: {
    args: [1, 1],
    usage: 'MAX,MIN (or off)',
    body: ([range]) => (range === 'off' ? {} : rangeOf('autoscale', range!)),
  },
  'time-limit': {
    args: [2, 2],
    usage: 'TASK DURATION (or none)',
    body: ([task, duration]) => ({ task: task!, limitMs: duration === 'none' ? null : msOf(duration!) }),
  },
  'add-queue': queue,
  'remove-queue': queue,
  'log-level': {
    args: [1, 1],
    usage: logLevels.join('|'),
    body([level]) {
      if (!(logLevels as readonly string[]).includes(level!))
        throw new TqError('USAGE', `"${level}" is no log level${oneOf(level!, logLevels)}`)
      return { level: level! }
    },
  },
  drain: { args: [0, 0], usage: '', body: () => ({}) },
  shutdown: { args: [0, 0], usage: '[--force]', body: (_, options) => ({ force: options.force === true }) },
}

/** What holds for all workers, those that come later as well: it is set in the store, and no worker is asked. */
type Setting = Pick<Order, 'args' | 'usage'> & {
  set(context: Context, args: string[]): Promise<{ data: JsonObject; name: string; said: string }>
}
const settings: Record<string, Setting> = {
  'rate-limit': {
    args: [2, 2],
    usage: 'QUEUE RATE, with a RATE such as 10/s, or none',
    async set(context, [queue = '', rate = '']) {
      const limited = await setRateLimit(context, { queue, rate: rate === 'none' ? null : rate })
      const said = rate === 'none' ? 'has no rate limit' : `gives ${rate} jobs`
      return { data: limited as unknown as JsonObject, name: queue, said: `queue ${queue} ${said}` }
    },
  },
  events: {
    args: [1, 1],
    usage: 'on|off',
    async set(context, [word = '']) {
      if (word !== 'on' && word !== 'off')
        throw new TqError('USAGE', `events are on or off, not "${word}"${oneOf(word, ['on', 'off'])}`)
      await switchEvents(context, word === 'on')
      const { namespace } = context
      return {
        data: { namespace, events: word === 'on' },
        name: namespace,
        said: `events of namespace ${namespace} are ${word}`,
      }
    },
  },
}

const msOf = (text: string): number => {
  const ms = parseDuration(text)
  if (!ms) throw new TqError('USAGE', `"${text}" is no duration; write one such as 30s or 5m, or none`)
  return ms
}

/** `MAX,MIN`, as Celery has it. */
export const rangeOf = (flag: string, text: string): { max: number; min: number } => {
  const [max, min = '1', ...rest] = text.split(',')
  const range = { max: countOf(flag, max), min: countOf(flag, min) }
  if (rest.length > 0 || range.max < range.min)
    throw new TqError('USAGE', `${flag} ${text}: write MAX,MIN with at least as much for MAX, such as 8,2`)
  return range
}
