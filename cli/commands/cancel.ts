import { cancelRun, printId, resolveRun, shortId } from '../../engine/client.ts'
import { connected } from '../connect.ts'
import { print } from '../output.ts'
import type { Action } from './index.ts'

const cancel: Action = (io, options, runs) =>
  connected(io, async context => {
    const results: { id: string; cancelled: boolean }[] = []
    for (const typed of runs as string[]) {
      const run = await resolveRun(context, typed)
      results.push({ id: printId(run), cancelled: await cancelRun(context, { run, reason: String(options.reason) }) })
    }
    print(io, options.output, {
      data: results,
      names: results.map(result => result.id),
      table: {
        header: [],
        rows: results.map(({ id, cancelled }) => [
          `run ${id.slice(-8)}`,
          cancelled ? 'is being cancelled' : 'had ended before',
        ]),
      },
    })
    for (const { id, cancelled } of results) if (cancelled) io.err(`see it end: tq wait ${shortIdOf(id)}`)
    return 0
  })
export default cancel

const shortIdOf = (id: string): string => (id.length > 26 ? shortId(id) : id.slice(-8))
