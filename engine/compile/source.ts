import { isObject, type JsonObject } from '../model/json.ts'
import { namespaceOf } from './catalog.ts'
import { configure, type Configured } from './config.ts'
import type { Diagnostic } from './text/diagnostic.ts'
import { diagnose, type Document, position, valueSpan } from './text/document.ts'
import { parse, type Source } from './text/parse.ts'
import { validate } from './schema/validate.ts'
import type { Values } from './values.ts'

/** A document as it was read. */
export type Read = {
  document: Document
  /** What the schema refused: nothing more is said about it. */
  broken: Set<object>
} & Pick<Configured, 'unresolved' | 'config' | 'notes'>

/** The documents of a file, with values put in, held against the schema. */
export const read = (
  source: Source,
  values: Values,
  namespace: string | undefined,
  diagnostics: Diagnostic[],
): Read[] => {
  const parsed = parse(source)
  diagnostics.push(...parsed.diagnostics)
  return parsed.documents.map(document => {
    const { diagnostics: found, unresolved, config, notes } = configure(document, values)
    diagnostics.push(...found)
    if (unresolved) return { document, broken: new Set(), unresolved, config, notes }
    const validated = validate(document)
    diagnostics.push(
      ...validated.diagnostics.map(one => ({ ...one, message: noted(one, notes) })),
      ...elsewhere(document, namespace),
    )
    return { document, broken: validated.broken, unresolved, config, notes }
  })
}

/** The message of a diagnostic; about a scalar that a value went into, with the value. */
export const noted = ({ message, line, column }: Diagnostic, notes: Configured['notes']): string => {
  const note = notes.get(`${line}:${column}`)
  return note === undefined ? message : `${message} (${note})`
}

/** A manifest for another namespace than that which this is for. */
const elsewhere = (document: Document, namespace: string | undefined): Diagnostic[] => {
  const { value } = document
  if (namespace === undefined || !isObject(value)) return []
  const named = namespaceOf(value, namespace)
  if (named === namespace) return []
  const span = valueSpan(document, { owner: value.metadata as JsonObject, key: 'namespace' })
  const message = `this is for the namespace "${named}", and these manifests go to "${namespace}"; set TQ_NAMESPACE=${named}, or leave "namespace" out`
  return [diagnose(document, span, 'INVALID_VALUE', message)]
}

/** As it was written, comments and all, without the lines that separate documents. */
export const sourceOf = ({ text, written }: Document): string => {
  const source = text
    .slice(written.start, written.end)
    .trim()
    .replace(/^---(?=\s)/, '')
    .replace(/\n\.\.\.$/, '')
    .trim()
  return source === '' ? '' : `${source}\n`
}

/** The line on which that begins. */
export const sourceLineOf = ({ text, written, lines }: Document): number => {
  const [before] = /^\s*(---(?=\s)\s*)?/.exec(text.slice(written.start, written.end))!
  return position(lines, written.start + before.length).line
}
