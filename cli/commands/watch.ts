import { resolveRun } from '../../engine/reader.ts'
import { connected } from '../connect.ts'
import { finishWatching } from '../watching.ts'
import type { Action } from '../command.ts'
import { timeoutOf } from '../options.ts'

const watch: Action = (io, options, typed) =>
  connected(io, async context =>
    finishWatching(io, context, await resolveRun(context, String(typed)), {
      ...timeoutOf(options),
      show: true,
      format: options.output,
    }),
  )
export default watch
