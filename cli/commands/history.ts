import { history as read, resolveManifest } from '../../engine/client.ts'
import { connected } from '../connect.ts'
import { ago, print } from '../output.ts'
import type { Action } from '../command.ts'

const history: Action = (io, options, typed) =>
  connected(io, async context => {
    const revisions = await read(context, await resolveManifest(context, String(typed)))
    print(io, options.output, {
      data: revisions,
      names: revisions.map(one => String(one.revision)),
      table: {
        header: ['REVISION', 'CONTENT', 'APPLIED', 'OPEN RUNS', 'FILE'],
        rows: revisions.map(one => [
          `${one.revision}${one.current ? ' (current)' : ''}`,
          one.hash.slice(0, 12),
          ago(one.applied_at),
          one.runs ? String(one.runs) : '',
          one.file,
        ]),
      },
    })
    return 0
  })
export default history
