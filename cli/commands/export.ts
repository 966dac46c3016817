import { exported, resolveManifest } from '../../engine/client.ts'
import { connected } from '../connect.ts'
import type { Action } from './index.ts'

/** Documents with `---` between them: what `tq apply -f -` takes. */
const exportCommand: Action = (io, _options, typed) =>
  connected(io, async context => {
    const found = await exported(context, typed === undefined ? null : await resolveManifest(context, String(typed)))
    io.out(found.map(one => one.source.trimEnd()).join('\n---\n'))
    return 0
  })
export default exportCommand
