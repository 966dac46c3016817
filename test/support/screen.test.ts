import test from 'ava'
import { openScreen } from './screen.ts'

const shown = (columns: number, rows: number, ...texts: string[]) => {
  const screen = openScreen(columns, rows)
  for (const text of texts) screen.write(text)
  return screen
}

test('what is written over is gone, what is not stays', t => {
  t.deepEqual(shown(10, 5, 'one\r\ntwo\r\nthree\r\n', '\u001b[2A\u001b[0G\u001b[0J', 'four\r\n').lines(), [
    'one',
    'four',
  ])
})

test('a line that is too long wraps and is told of, one that just fits is not', t => {
  t.deepEqual(shown(5, 5, '12345\r\n').wraps(), [])
  const screen = shown(5, 5, '123456\r\n')
  t.deepEqual(screen.wraps(), ['12345'])
  t.deepEqual(screen.lines(), ['12345', '6'])
})

test('the cursor does not go up into what was scrolled away', t => {
  t.deepEqual(shown(9, 3, 'a\r\nb\r\nc\r\nd\r\n', '\u001b[9A\u001b[0G\u001b[0J', 'x').lines(), ['a', 'b', 'x'])
})

test('narrowed, lines take more rows, and the cursor stays behind them', t => {
  const screen = shown(8, 9, '1234567\r\nab\r\n')
  screen.resize(4, 9)
  t.deepEqual(screen.lines(), ['1234', '567', 'ab'])
  screen.write('\u001b[1A\u001b[0G\u001b[0Jxy')
  t.deepEqual(screen.lines(), ['1234', '567', 'xy'])
})
