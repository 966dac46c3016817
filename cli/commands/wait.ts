import { resolveRun } from '../../engine/reader.ts'
import { connected } from '../connect.ts'
import { finishWatching } from '../watching.ts'
import type { Action } from '../command.ts'
import { timeoutOf } from '../options.ts'

const waitCommand: Action = (io, options, runs) =>
  connected(io, async context => {
    let worst = 0
    for (const typed of runs as string[]) {
      const id = await resolveRun(context, typed)
      worst = Math.max(
        worst,
        await finishWatching(io, context, id, { ...timeoutOf(options), show: false, format: options.output }),
      )
    }
    return worst
  })
export default waitCommand
