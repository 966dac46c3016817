const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const style = /(\u001b\[[0-9;]*m)/

/** How many columns of a terminal a text takes; escape sequences take none. */
export const widthOf = (text: string): number =>
  text
    .split(style)
    .filter((_, i) => i % 2 === 0)
    .reduce((sum, plain) => sum + [...plain].reduce((columns, char) => columns + (wide.test(char) ? 2 : 1), 0), 0)

/** Cuts a line so that it takes less than so many columns, with an ellipsis: a line that fills a terminal may wrap. */
export const cut = (line: string, columns: number): string => {
  if (widthOf(line) < columns) return line
  let room = columns - 2
  let full = false
  const fitting = (part: string): string => {
    let text = ''
    for (const char of part) {
      if (full) break
      room -= widthOf(char)
      full = room <= 0
      text += room < 0 ? '…' : full ? `${char}…` : char
    }
    return text
  }
  return line
    .split(style)
    .map((part, i) => (i % 2 === 1 ? part : fitting(part)))
    .join('')
}
