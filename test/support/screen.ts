/** What a terminal shows of what was written to it: so much of one as the command line uses. */
export type Screen = {
  write(text: string): void
  /** As terminals do: lines that no longer fit are shown in more rows, and the cursor stays with its text. */
  resize(columns: number, rows: number): void
  /** All rows, those scrolled away included; without spaces at their ends and without empty ones at the end. */
  lines(): string[]
  /** Rows that were filled and went on in the next, because too much was written. */
  wraps(): string[]
}

type Row = { text: string; wrapped: boolean }

/** Understood: printing, CR, LF, cursor up, to a column, erasing to the end, colours. Everything else is an error. */
export const openScreen = (columns: number, rows: number): Screen => {
  let all: Row[] = [{ text: '', wrapped: false }]
  let at = { row: 0, column: 0 }
  let top = 0
  const wraps: string[] = []

  const down = () => {
    at.row++
    if (at.row === all.length) all.push({ text: '', wrapped: false })
    top = Math.max(top, at.row - rows + 1)
  }
  const print = (char: string) => {
    if (at.column === columns) {
      all[at.row]!.wrapped = true
      wraps.push(all[at.row]!.text)
      down()
      at.column = 0
    }
    const row = all[at.row]!
    row.text = row.text.slice(0, at.column).padEnd(at.column) + char + row.text.slice(at.column + 1)
    at.column++
  }
  const eraseDown = () => {
    all[at.row] = { text: all[at.row]!.text.slice(0, at.column), wrapped: false }
    all.length = at.row + 1
  }
  const control = (sequence: string) => {
    const [, count, what] = /^\u001b\[([\d;]*)([A-Za-z])$/.exec(sequence) ?? []
    if (what === 'A') at.row = Math.max(top, at.row - Number(count || 1))
    else if (what === 'G') at.column = Math.max(0, Number(count || 1) - 1)
    else if (what === 'J' && (count === '' || count === '0')) eraseDown()
    else if (what !== 'm') throw new Error(`this screen does not know ${JSON.stringify(sequence)}`)
  }
  const resize = (toColumns: number, toRows: number) => {
    const whole: { text: string; first: number }[] = []
    for (const [i, { text }] of all.entries())
      if (i > 0 && all[i - 1]!.wrapped) whole.at(-1)!.text += text
      else whole.push({ text, first: i })
    const line = whole.findLastIndex(({ first }) => first <= at.row)
    const offset = (at.row - whole[line]!.first) * columns + at.column
    const made: Row[] = []
    for (const [i, { text }] of whole.entries()) {
      if (i === line) at = { row: made.length + Math.floor(offset / toColumns), column: offset % toColumns }
      const parts = text.match(new RegExp(`.{1,${toColumns}}`, 'gu')) ?? ['']
      for (const [k, part] of parts.entries()) made.push({ text: part, wrapped: k < parts.length - 1 })
    }
    all = made
    columns = toColumns
    rows = toRows
    top = Math.max(0, at.row - rows + 1)
  }
  return {
    write(text) {
      for (const part of text.split(/(\u001b\][^\u0007]*\u0007|\u001b\[[\d;?]*[A-Za-z])/)) {
        const size = /^\u001b\]size;(\d+);(\d+)\u0007$/.exec(part)
        if (size) resize(Number(size[1]), Number(size[2]))
        else if (part.startsWith('\u001b')) control(part)
        else
          for (const char of part)
            if (char === '\r') at.column = 0
            else if (char === '\n') down()
            else print(char)
      }
    },
    resize,
    lines: () => {
      const texts = all.map(({ text }) => text.trimEnd())
      return texts.slice(0, texts.findLastIndex(Boolean) + 1)
    },
    wraps: () => wraps,
  }
}
