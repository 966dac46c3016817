import { stringify } from 'yaml'
import {
  type Exported,
  exported,
  isObject,
  type Json,
  type JsonObject,
  resolveManifest,
  TqError,
} from '../../engine/client.ts'
import { connected } from '../connect.ts'
import type { Action } from '../command.ts'

/** Documents with `---` between them: what `tq apply -f -` takes. Or the values they were applied with: what `--values` takes. */
const exportCommand: Action = (io, options, typed) =>
  connected(io, async context => {
    const found = await exported(context, typed === undefined ? null : await resolveManifest(context, String(typed)))
    if (options.values) io.out(stringify(valuesOf(found)).trimEnd())
    else {
      io.out(found.map(one => one.source.trimEnd()).join('\n---\n'))
      if (found.some(one => one.config))
        io.err('these ask for values of config; those they were applied with: tq export --values')
    }
    return 0
  })
export default exportCommand

/** The values that went into manifests, as one file of values. @throws CONFLICT where two were applied with different ones */
const valuesOf = (manifests: Exported[]): JsonObject => {
  const all: JsonObject = {}
  const by = new Map<string, Exported>()
  const add = (into: JsonObject, values: JsonObject, path: string, manifest: Exported): void => {
    for (const [key, value] of Object.entries(values)) {
      const at = path === '' ? key : `${path}.${key}`
      const before: Json | undefined = into[key]
      if (isObject(before) && isObject(value)) add(before, value, at, manifest)
      else if (before !== undefined && JSON.stringify(before) !== JSON.stringify(value)) {
        const other = by.get(at)
        throw new TqError(
          'CONFLICT',
          `config.${at} was ${JSON.stringify(before)}${other ? ` for ${other.kind}/${other.name}` : ''} and ${JSON.stringify(value)} for ${manifest.kind}/${manifest.name}; export them one by one: tq export NAME --values`,
        )
      } else {
        into[key] = structuredClone(value)
        by.set(at, manifest)
      }
    }
  }
  for (const manifest of manifests) add(all, manifest.config ?? {}, '', manifest)
  return all
}
