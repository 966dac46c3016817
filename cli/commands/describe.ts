import { type Kind, kindWords, oneOf, TqError } from '../../engine/reader.ts'
import { connected } from '../connect.ts'
import { describeManifest } from '../describe/manifest.ts'
import { describeRun } from '../describe/run.ts'
import { describeWorker } from '../describe/worker.ts'
import type { Action } from '../command.ts'

const describe: Action = (io, options, what, name) =>
  connected(io, async (context, config) => {
    // `tq describe schedule/nightly` is as good as `tq describe schedule nightly`.
    const [word = '', rest] = name === undefined ? String(what).split('/', 2) : [String(what), String(name)]
    const noun = word.replace(/s$/, '')
    const kind: Kind | undefined = Object.hasOwn(kindWords, noun) ? kindWords[noun] : undefined
    if (kind && rest) return describeManifest(io, context, config, options, { kind, name: rest })
    if (noun === 'run' && rest) return describeRun(io, context, options, rest)
    if (noun === 'worker' && rest) return describeWorker(io, context, options, rest)
    if (kind || nouns.includes(noun)) throw new TqError('USAGE', `say which: write tq describe ${word} NAME`)
    if (rest) throw new TqError('USAGE', `"${word}" is nothing to describe${oneOf(word, nouns)}`)
    // `tq describe @latest` is a run.
    return describeRun(io, context, options, word)
  })
export default describe

const nouns = ['run', ...new Set<string>(Object.values(kindWords)), 'worker']
