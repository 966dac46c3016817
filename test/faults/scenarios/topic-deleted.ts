import { setTimeout as sleep } from 'node:timers/promises'
import { kafkaClient } from '../../support/own-kafka.ts'
import { hintLostMs } from '../bounds.ts'
import { hintsAreBack } from '../hints.ts'
import { countUp, longestWaitMs } from '../report.ts'
import { traffic } from '../traffic.ts'
import type { Scenario } from './index.ts'

/** A queue's topic is deleted under load, three times: the others go on, it goes on by looking, and the topic is made again. */
export const topicDeleted: Scenario = async (world, { scale }) => {
  await Promise.all([world.worker({ TQ_QUEUES: 'left' }), world.worker({ TQ_QUEUES: 'right' })])
  const admin = kafkaClient(world.kafka).admin()
  await admin.connect()
  const deleting = async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(world.random() * 5000 * scale)
      await admin.deleteTopics({ topics: [world.topic('left')] }).catch(() => {}) // not made again yet
    }
    await sleep(5000 * scale)
  }
  const hops = await traffic(world, deleting())
  const wrong = await hintsAreBack(world)
  const made = (await admin.listTopics()).includes(world.topic('left'))
  await admin.disconnect()
  return {
    ...(await countUp(world, hops)),
    ...(made ? wrong : { wrong: 'the topic was not made again' }),
    worstMs: await longestWaitMs(world, hops),
    boundMs: hintLostMs,
  }
}
