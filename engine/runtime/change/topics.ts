import type { TopicReport } from '../../broker/index.ts'
import type { Context } from '../context.ts'

export type TopicsReport = { unreachable: string } | TopicReport[]

/** So long may a cluster take to answer. */
const topicsMs = 8000

/** Makes the topics of queues, where the broker has such. */
export const ensureTopics = async (context: Context, prune: boolean): Promise<TopicsReport> => {
  const queues = (await context.queues(true)).filter(queue => queue.id !== 0)
  const wanted = queues.map(({ name, topic }) => ({ name, topic: topic ?? {} }))
  const late = Promise.withResolvers<TopicsReport>()
  const timer = setTimeout(() => late.resolve({ unreachable: `no answer in ${topicsMs / 1000} s` }), topicsMs)
  try {
    const asked = context.broker.ensureTopics(wanted, { prune })
    return await Promise.race([asked.catch((error: Error) => ({ unreachable: error.message })), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
