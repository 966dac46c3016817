import { type Document as YamlDocument, parseAllDocuments } from 'yaml'
import { convert, unquoted } from './convert.ts'
import type { Diagnostic } from './diagnostic.ts'
import { type Document, diagnose, type LineIndex, lineIndex, position, type Span } from './document.ts'
import { checkLimits } from './limit.ts'
import { explainYaml, type Problem } from './yamlProblem.ts'

export type Source = { file: string; text: string }

/** The documents of a file that could be read, and what is wrong with the others. Empty documents are left out. */
export const parse = ({ file, text }: Source): { documents: Document[]; diagnostics: Diagnostic[] } => {
  const whole = documentOf(file, text, { start: 0, end: Math.min(1, text.length) }, lineIndex(text))
  const problem = checkLimits(text)
  if (problem) {
    const span = { start: problem.offset, end: problem.offset + 1 }
    return { documents: [], diagnostics: [diagnose(whole, span, problem.code, problem.message)] }
  }
  let parsed: YamlDocument.Parsed[]
  try {
    parsed = [...parseAllDocuments(text, options)] as YamlDocument.Parsed[]
  } catch (error) {
    return { documents: [], diagnostics: [diagnose(whole, whole.span, 'INVALID_YAML', (error as Error).message)] }
  }
  const documents: Document[] = []
  const diagnostics: Diagnostic[] = []
  let end = 0
  for (const yaml of parsed) {
    const written = { start: end, end: yaml.range[2] }
    end = written.end
    const read = readDocument(file, text, yaml, whole.lines, written)
    diagnostics.push(...read.diagnostics)
    if (read.document) documents.push(read.document)
  }
  return { documents, diagnostics }
}

/** Keys are checked for doubles when values are made (`convert.ts`): here it would take the square of a map's size. */
const options = { merge: true, uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const

const documentOf = (file: string, text: string, span: Span, lines: LineIndex, written = span): Document => ({
  file,
  text,
  lines,
  span,
  written,
  origin: new Map(),
  merged: new Map(),
  value: null,
})

const readDocument = (
  file: string,
  text: string,
  yaml: YamlDocument.Parsed,
  lines: LineIndex,
  written: Span,
): { document?: Document; diagnostics: Diagnostic[] } => {
  const contents = yaml.contents
  const start = contents?.range?.[0] ?? yaml.range[0]
  const document = documentOf(file, text, { start, end: yaml.range[1] }, lines, written)
  const problems = [...yaml.errors, ...yaml.warnings]
  if (problems.length > 0) return { diagnostics: syntaxProblems(document, problems) }
  const diagnostics: Diagnostic[] = []
  document.value = convert(document, contents, diagnostics)
  if (diagnostics.length > 0) return { diagnostics }
  if (document.value === null) return { diagnostics }
  return { document, diagnostics }
}

/** An unquoted expression explains whatever the parser says about its line; of the rest only the first counts. */
const syntaxProblems = (document: Document, problems: Problem[]): Diagnostic[] => {
  const found = new Map<number, Diagnostic>()
  let first: Diagnostic | undefined
  for (const problem of problems) {
    const span = unquotedAt(document, problem.pos[0])
    if (span) {
      found.set(span.start, diagnose(document, span, 'UNQUOTED_EXPRESSION', unquoted(document.text, span)))
    } else {
      const { message, ...place } = explainYaml(document.text, problem)
      first ??= diagnose(document, place, 'INVALID_YAML', message)
    }
  }
  return found.size > 0 ? [...found.values()] : first ? [first] : []
}

/** The unquoted expression that begins a value on the line of an offset (or on the line before). */
const unquotedAt = (document: Document, offset: number): Span | undefined => {
  const { line } = position(document.lines, offset)
  for (const candidate of [line, line - 1]) {
    const start = document.lines[candidate - 1]
    if (start === undefined) continue
    const text = document.text.slice(start, document.lines[candidate] ?? document.text.length).trimEnd()
    const match = /(?:[:,[{]|^\s*-|:\s*-)\s+(\{\{.*)$/.exec(text)
    if (match) {
      const from = start + match.index + match[0].length - match[1]!.length
      return { start: from, end: from + match[1]!.replace(/\s#.*$/, '').trimEnd().length }
    }
  }
  return undefined
}
