import { setTimeout as sleep } from 'node:timers/promises'
import { TqError } from '../../model/errors.ts'
import type { Json, JsonObject } from '../../model/json.ts'
import { formatDuration } from '../../model/duration.ts'
import { issueCommand, liveSessions, readReplies, type Reply } from '../../store/command.ts'
import type { Context } from '../context.ts'

export type Answer = Omit<Reply, 'body'> & ({ answer: Json } | { error: string })

/** `silent`: who was asked and said nothing, by name where nobody of that name is up. */
export type Answers = { answers: Answer[]; silent: string[] }

export type Question = {
  type: string
  body: JsonObject
  /** Names; null: all of the namespace. */
  workers: string[] | null
  timeoutMs: number
  /** A worker that is away obeys when it is back; else what was asked is forgotten with the timeout. */
  lasting: boolean
}

/** Between two looks for replies. */
const lookMs = 15

/**
 * Asks workers: the command is in the store before a message says so, replies come through the store too. Waits until every
 * live session that was asked has answered, and one of each name, else until the timeout.
 *
 * @throws NO_REPLY where nobody answered
 */
export const ask = async (context: Context, question: Question): Promise<Answers> => {
  const { namespace, sql } = context
  const { type, body, workers, timeoutMs } = question
  const until = performance.now() + timeoutMs
  const command = await issueCommand(sql, {
    namespace,
    workers,
    type,
    body,
    expiresMs: question.lasting ? null : timeoutMs,
  })
  context.broker.broadcast({ type: 'commands' })
  for (;;) {
    const live = await liveSessions(sql, { namespace, workers })
    const replies = await readReplies(sql, command)
    const silent = [
      ...live.filter(one => !replies.some(reply => reply.session === one.session)).map(nameOf),
      ...(workers ?? []).filter(name => ![...live, ...replies].some(one => one.worker === name)),
    ]
    if (replies.length > 0 && silent.length === 0) return { answers: replies.map(answerOf), silent }
    if (performance.now() + lookMs > until) {
      if (replies.length > 0) return { answers: replies.map(answerOf), silent }
      throw nobody(question, live.map(nameOf))
    }
    await sleep(lookMs)
  }
}

const nameOf = ({ worker, host, pid }: Omit<Reply, 'body'>): string => `${worker} (pid ${pid} on ${host})`

const answerOf = ({ body, ...who }: Reply): Answer => ({ ...who, ...(body as { answer: Json } | { error: string }) })

const nobody = ({ type, workers, timeoutMs, lasting }: Question, live: string[]): TqError => {
  const asked = workers ? ` called ${workers.join(' or ')}` : ''
  const why =
    live.length > 0
      ? `${live.length} should be up: ${live.join(', ')}; stopped, overloaded, or cut off from the database? Look at its log, or give it longer: --timeout 10s`
      : `no worker${asked} is up; start one: tq worker, or tq dev; those that are up: tq get workers`
  const kept = lasting ? '. What was asked is kept for an hour: a worker that is away obeys when it is back' : ''
  return new TqError('NO_REPLY', `no worker answered "${type}" within ${formatDuration(timeoutMs)}: ${why}${kept}`, {
    command: type,
    timeoutMs,
    live: live.length,
  })
}
