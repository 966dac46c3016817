import type { Expression, Root } from '../../model/plan.ts'
import type { Compilation } from '../compilation.ts'
import type { DiagnosticCode } from '../text/diagnostic.ts'
import type { View } from './scope.ts'
import type { Written } from './syntax.ts'
import type { Known } from './type.ts'

/** An expression with its names resolved, and what is known of its value. Undefined where it was reported as wrong. */
export type Resolved = { expression: Expression; known: Known } | undefined

/** Whether an expression is a scalar alone, stands in a text, or is a part of another expression. */
export type Form = 'whole' | 'text' | 'part'

/** What resolving needs to know about the place: where it stands, and how to report about a part of the scalar. */
export type Resolving = {
  compilation: Compilation
  view: View
  at: string
  report: (code: DiagnosticCode, message: string, span: { start: number; end: number }) => void
}

export type WrittenPath = Extract<Written, { kind: 'path' }>
export type WrittenCall = Extract<Written, { kind: 'call' }>

/** A path's beginning: the root, how many segments after its name belong to it, and how many are known to be there. */
export type Rooted = { root: Root; used: number; checked: number; known: Known; title: string } | undefined

/** Where a segment of a path stands in the scalar; segments in brackets count with them. */
export const segmentSpan = (written: WrittenPath, index: number): { start: number; end: number } => {
  const { source, segments } = written
  let at = 0
  for (let before = 0; before < index; before++) {
    at = source.indexOf(segments[before]!, at) + segments[before]!.length
  }
  const start = source.indexOf(segments[index]!, at)
  return start < 0 ? written : { start: written.start + start, end: written.start + start + segments[index]!.length }
}

/** Reports that a path begins with what is not known where it stands. */
export const unknownRoot = (resolving: Resolving, written: WrittenPath, message: string): undefined => {
  resolving.report('UNKNOWN_REFERENCE', message, segmentSpan(written, 0))
  return undefined
}
