/** The codes of diagnostics; `docs/errors.md` has a paragraph for each, and a test holds the two together. */
export const diagnosticCodes = [
  'DUPLICATE_ID',
  'DUPLICATE_KEY',
  'DUPLICATE_NAME',
  'DUPLICATE_PATH',
  'INVALID_ARGUMENTS',
  'INVALID_CRON',
  'INVALID_DURATION',
  'INVALID_EXPRESSION',
  'INVALID_NAME',
  'INVALID_SCHEMA',
  'INVALID_TYPE',
  'INVALID_VALUE',
  'INVALID_YAML',
  'MAY_BE_MISSING',
  'MISPLACED_FIELD',
  'MISPLACED_SECRET',
  'MISSING_FIELD',
  'MISSING_VALUE',
  'NEEDS_CYCLE',
  'NOT_YET',
  'NOT_YET_RUN',
  'ONE_VERB',
  'TOO_DEEP',
  'TOO_LARGE',
  'TOO_MANY_ALIASES',
  'TYPE_MISMATCH',
  'UNKNOWN_ERROR_NAME',
  'UNKNOWN_FIELD',
  'UNKNOWN_HANDLER',
  'UNKNOWN_HELPER',
  'UNKNOWN_KIND',
  'UNKNOWN_QUEUE',
  'UNKNOWN_REFERENCE',
  'UNKNOWN_TASK',
  'UNKNOWN_WORKFLOW',
  'UNQUOTED_EXPRESSION',
  'UNUSED_VALUE',
  'UNVERIFIED_HOOK',
  'WORKFLOW_CYCLE',
] as const
export type DiagnosticCode = (typeof diagnosticCodes)[number]

/** Something wrong with a manifest and where; lines and columns count from 1, `endColumn` is one past the last. */
export type Diagnostic = {
  severity: 'error' | 'warning'
  code: DiagnosticCode
  message: string
  file: string
  line: number
  column: number
  endColumn?: number
  /** What it is about: `workflow/checkout`; absent where the document cannot be read so far. */
  manifest?: string
}

/**
 * A diagnostic for people: `file:line:col  CODE  message`, then the line it is about with carets under the place.
 *
 * @param source the text of the file; without it (or beyond its end) there is no excerpt
 */
export const formatDiagnostic = (diagnostic: Diagnostic, source?: string): string => {
  const { file, line, column, code, message, severity } = diagnostic
  const warning = severity === 'warning' ? 'warning: ' : ''
  const head = printable(`${file}:${line}:${column}  ${code}  ${warning}${message}`)
  const text = source === undefined ? undefined : lineOf(source, line)
  if (text === undefined) return head
  const number = String(line).padStart(4)
  const from = windowStart(text, column)
  const shown = text.slice(from, from + windowWidth)
  const [left, right] = [from > 0 ? '…' : '', from + windowWidth < text.length ? '…' : '']
  const at = column - 1 - from
  const carets = '^'.repeat(Math.max(1, Math.min((diagnostic.endColumn ?? column + 1) - column, shown.length - at)))
  // Tabs stay tabs, so that the carets stand where the text does.
  const before = (left + shown.slice(0, at)).replace(/[^\t]/g, ' ')
  return `${head}\n${number} | ${printable(left + shown + right)}\n${' '.repeat(number.length)} | ${before}${carets}`
}

/** Of a longer line, only so many characters around the place are shown. */
const windowWidth = 120

const windowStart = (text: string, column: number): number =>
  text.length <= windowWidth ? 0 : Math.max(0, Math.min(column - 1 - windowWidth / 3, text.length - windowWidth))

/** What would move a terminal's cursor, or ring its bell, is shown as a replacement character. */
const printable = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\uFFFD')

/** Files in the order of their names, in a file from the top. */
export const sortDiagnostics = (diagnostics: Diagnostic[]): Diagnostic[] =>
  diagnostics.toSorted(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  )

const lineOf = (source: string, line: number): string | undefined => source.split('\n')[line - 1]?.replace(/\r$/, '')
