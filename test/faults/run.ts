import { parseArgs } from 'node:util'
import { describe, failed, header, isMiss } from './report.ts'
import { scenarios } from './scenarios/index.ts'
import { openServers, openWorld } from './world.ts'

/** `npm run faults -- [--seed N] [--only NAME] [--scale X]`: each fault, whole, and a table of what became of it. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: Object.keys(scenarios) },
    scale: { type: 'string', default: '1' },
  },
})
const [seed, scale] = [Number(values.seed), Number(values.scale)]
const unknown = values.only.find(name => !scenarios[name])
if (unknown || !Number.isInteger(seed) || !(scale > 0)) {
  console.error(
    unknown ? `there is no fault "${unknown}"; there are ${Object.keys(scenarios).join(', ')}` : 'what seed?',
  )
  process.exit(2)
}

// By an exit, so that the servers end too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

/** Ends what was opened, the last first. */
const scoped = async <T>(work: (scope: { teardown(end: () => unknown): void }) => Promise<T>): Promise<T> => {
  await using stack = new AsyncDisposableStack()
  return await work({ teardown: end => stack.defer(async () => void (await end())) })
}

const misses: string[] = []
console.log(header)
await scoped(async scope => {
  const servers = await openServers(scope)
  for (const name of values.only) {
    const run = scoped(async inner => scenarios[name]!(await openWorld(inner, servers, { name, seed }), { scale }))
    const report = await run.catch(failed)
    if (isMiss(report)) misses.push(name)
    console.log(describe(name, report))
  }
})
console.log(misses.length === 0 ? 'no miss' : `missed: ${misses.join(', ')}`)
process.exit(misses.length === 0 ? 0 : 1)
