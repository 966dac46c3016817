import test from 'ava'
import { ownKafkaTest } from '../support/kafka.ts'
import { describe, isMiss } from './report.ts'
import { scenarios } from './scenarios/index.ts'
import { openServers, openWorld, type Servers } from './world.ts'

/** Faults in short, over one Postgres and one Kafka. `npm run faults` does them whole. */
const ends: (() => unknown)[] = []
let shared: Promise<Servers> | undefined
const servers = () => (shared ??= openServers({ teardown: end => void ends.unshift(end) }))
test.after.always(async () => {
  for (const end of ends) await end()
})

for (const [name, scenario] of Object.entries(scenarios))
  ownKafkaTest.serial(`${name}: every run ends right, nothing twice, nothing lost, within the bound`, async t => {
    const world = await openWorld(t, await servers(), { name, seed: 1 })
    const report = await scenario(world, { scale: 0.1 })
    t.log(describe(name, report))
    t.false(isMiss(report), describe(name, report))
  })
