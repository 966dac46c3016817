import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerProcess } from '../../support/worker.ts'
import { hintLostMs } from '../bounds.ts'
import { countUp, longestWaitMs } from '../report.ts'
import { traffic } from '../traffic.ts'
import type { Scenario } from './index.ts'

/**
 * No fault, but what docs/operations.md says of it: with runs in flight the workers are restarted one by one, from Postgres as
 * their broker to Kafka, and back. Meanwhile those of one broker do not hear those of the other, and look.
 */
export const brokerChanged: Scenario = async (world, { scale }) => {
  const over = { postgres: { TQ_KAFKA_BROKERS: '' }, kafka: {} }
  const start = (queue: string, broker: keyof typeof over) => world.worker({ TQ_QUEUES: queue, ...over[broker] })
  const queues = ['left', 'right']
  const workers = new Map<string, WorkerProcess>()
  for (const queue of queues) workers.set(queue, await start(queue, 'postgres'))
  let exits = 0
  const move = async (broker: keyof typeof over) => {
    for (const queue of queues) {
      await sleep(world.random() * 5000 * scale)
      const before = workers.get(queue)!
      workers.set(queue, await start(queue, broker))
      before.signal('SIGTERM')
      exits += Number((await before.ended) !== 0)
    }
  }
  const moving = async () => {
    await move('kafka')
    await sleep(5000 * scale)
    await move('postgres')
    await sleep(5000 * scale)
  }
  const hops = await traffic(world, moving())
  return {
    ...(await countUp(world, hops)),
    ...(exits > 0 ? { wrong: `${exits} workers did not end well` } : {}),
    worstMs: await longestWaitMs(world, hops),
    boundMs: hintLostMs,
  }
}
