import type { TopicReport } from '../../engine/reader.ts'
import type { Check, Connected } from './index.ts'

/** A cluster may take so long to answer, ms. */
const patienceMs = 5000

export const broker: Check<Connected> = {
  name: 'broker',
  async find({ context, config }) {
    if (!config.kafka) return [{ level: 'ok', text: 'postgres' }]
    const brokers = config.kafka.brokers.join(',')
    const queues = (await context.queues(true)).filter(queue => queue.id !== 0)
    const asked = context.broker.ensureTopics(
      queues.map(({ name, topic }) => ({ name, topic: topic ?? {} })),
      { prune: false, create: false },
    )
    const answer = await answered(asked)
    if (!Array.isArray(answer))
      return [
        {
          level: 'failed',
          text: `kafka ${brokers} does not answer: ${answer.problem}; work goes on by looking, up to 1.25 s later`,
          fix: 'start it, correct TQ_KAFKA_BROKERS, or go without: unset TQ_KAFKA_BROKERS',
        },
      ]
    const wrong = answer.filter(({ state }) => state !== 'ok')
    if (wrong.length === 0) return [{ level: 'ok', text: `kafka ${brokers}, ${answer.length} topics` }]
    return wrong.map(({ topic, state, detail }) => ({
      level: 'warning' as const,
      text: `kafka topic ${topic} ${state === 'missing' ? 'is missing' : `${state}: ${detail}`}`,
      fix: state === 'missing' ? `tq apply, or: ${detail}` : `kafka-topics.sh --describe --topic ${topic}`,
    }))
  },
}

const answered = async (asked: Promise<TopicReport[]>): Promise<TopicReport[] | { problem: string }> => {
  const late = Promise.withResolvers<{ problem: string }>()
  const timer = setTimeout(() => late.resolve({ problem: `not within ${patienceMs / 1000} s` }), patienceMs)
  try {
    return await Promise.race([asked.catch((error: Error) => ({ problem: error.message })), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
