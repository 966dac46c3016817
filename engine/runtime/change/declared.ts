import { type Kind, kindOf } from '../../model/kind.ts'

/**
 * What texts plainly declare at their roots, to leave out of what is read for compiling: it is about to be replaced. One that is missed
 * is read for nothing.
 */
export const declared = (texts: string[]): { kind: Kind; name: string }[] =>
  texts.flatMap(text =>
    text.split(/^---.*$/m).flatMap(document => {
      const kind = /^kind:[ \t]*(Task|Queue|Chain|Group|Chord|Flow|Schedule|Hook)[ \t]*$/m.exec(document)
      const name =
        kind &&
        /^metadata:[ \t]*(?:\{[^}\n]*?\bname:[ \t]*|\n(?:[ \t]+[^\n]*\n)*?[ \t]+name:[ \t]*)([a-z][a-z0-9-]*)/m.exec(
          document,
        )
      return name ? [{ kind: kindOf(kind[1]!), name: name[1]! }] : []
    }),
  )
