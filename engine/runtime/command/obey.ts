import { commandsFor, type IssuedCommand, storeReply } from '../../store/command.ts'
import type { JsonObject } from '../../model/json.ts'
import type { Context } from '../context.ts'
import { patiently } from '../patience.ts'
import { commands, type Subject } from './index.ts'
import { orders } from './order.ts'
import { openNap } from '../nap.ts'

/** The longest time between two looks for commands, ms: the bound on a lost message. */
const maxSleepMs = 1000
/** The same while the worker has no session that could answer. */
const noSessionMs = 100
/** The same while the broker does not carry: then looking is all there is. */
const deafMs = 300

/**
 * Does what is asked of a worker from the command `after` on, one after the other, each once, and answers. A worker that was
 * stopped, or lost its session, does what was asked meanwhile; questions whose answer nobody awaits any more are passed over.
 */
export const obey = async (
  context: Context,
  { worker, after, subject }: { worker: string; after: number; subject: Subject },
  signal: AbortSignal,
): Promise<void> => {
  let newest = after
  const nap = openNap(signal)
  const controls = await context.broker.onControl(message => {
    if (message.type === 'commands') nap.wake()
  })
  const sleepMs = () => {
    if (subject.session() === null) return noSessionMs
    return context.broker.health().state === 'up' ? maxSleepMs : deafMs
  }
  while (!signal.aborted) {
    let more = false
    try {
      const { namespace } = context
      const found =
        subject.session() === null ? [] : await commandsFor(context.sql, { namespace, worker, after: newest })
      for (const command of found) {
        newest = command.id
        if (!command.expired) await answer(context, subject, command, signal)
      }
      more = found.length > 0
    } catch (error) {
      context.log('debug', `commands were not read: ${(error as Error).message}`)
    }
    if (!more) await nap.sleep(sleepMs())
  }
  await controls.stop()
}

const answer = async (
  context: Context,
  subject: Subject,
  { id, type, body }: IssuedCommand,
  signal: AbortSignal,
): Promise<void> => {
  const reply = await perform(subject, type, body as JsonObject)
  if (type in orders) context.log('info', `told to ${type} ${JSON.stringify(body)}`, reply)
  const session = subject.session()
  if (session !== null)
    await patiently(() => storeReply(context.sql, { command: id, session, body: reply }), { signal })
}

const perform = async (subject: Subject, type: string, body: JsonObject): Promise<JsonObject> => {
  const command = commands[type]
  if (!command) return { error: `this worker's tq does not know the command "${type}"` }
  try {
    return { answer: await command(subject, body) }
  } catch (error) {
    return { error: (error as Error).message }
  }
}
