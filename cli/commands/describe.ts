import { type Kind, kindWords, TqError } from '../../engine/reader.ts'
import { connected } from '../connect.ts'
import { describeManifest } from '../describe/manifest.ts'
import { describeRun } from '../describe/run.ts'
import { describeWorker } from '../describe/worker.ts'
import type { Action } from '../command.ts'

const describe: Action = (io, options, what, name) =>
  connected(io, async (context, config) => {
    // `tq describe schedule/nightly` is as good as `tq describe schedule nightly`.
    const [word = '', rest] = name === undefined ? String(what).split('/', 2) : [String(what), String(name)]
    const kind: Kind | undefined = Object.hasOwn(kindWords, word) ? kindWords[word] : undefined
    if (kind && rest) return describeManifest(io, context, config, options, { kind, name: rest })
    if (/^runs?$/.test(word) && rest) return describeRun(io, context, options, rest)
    if (/^workers?$/.test(word) && rest) return describeWorker(io, context, options, rest)
    // `tq describe @latest` is a run.
    if (!kind && name === undefined) return describeRun(io, context, options, String(what))
    const kinds = [...new Set(Object.values(kindWords))]
    throw new TqError(
      'USAGE',
      `write tq describe run RUN, worker NAME, or ${kinds.map(one => `${one} NAME`).join(', ')}`,
    )
  })
export default describe
