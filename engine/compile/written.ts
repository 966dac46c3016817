import type { Json, JsonObject } from '../model/json.ts'
import { keyOf, type ManifestDocument } from './catalog.ts'
import { lineIndex } from './text/document.ts'
import { type Read, read } from './source.ts'

/** How a manifest that is applied was written: its text, and the place and the values it had then. */
export type Written = { file: string; line: number; source: string; config: JsonObject | null }

/**
 * A known manifest as a document. Where its text is at hand, mistakes stand where they stand in its file; else they name the
 * manifest instead of a file.
 */
export const documentOf = (manifest: ManifestDocument, written: Written | undefined): Read => {
  const values = { value: written?.config ?? {}, given: true, broken: false, documents: [], used: new Set<string>() }
  const [found] = written ? read({ file: written.file, text: textOf(written) }, values, undefined, []) : []
  return found && !found.unresolved ? found : textless(manifest)
}

/** Its text, on the lines of its file. */
export const textOf = ({ line, source }: Written): string => `${'\n'.repeat(line - 1)}${source}`

const textless = (manifest: ManifestDocument): Read => ({
  document: {
    file: keyOf(manifest),
    text: '',
    lines: lineIndex(''),
    span: { start: 0, end: 0 },
    written: { start: 0, end: 0 },
    origin: new Map(),
    merged: new Map(),
    value: manifest as unknown as Json,
  },
  broken: new Set(),
  unresolved: false,
  config: null,
  notes: new Map(),
})
