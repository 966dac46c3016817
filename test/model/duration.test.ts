import test from 'ava'
import { formatDuration, parseDuration } from '../../engine/model/duration.ts'

const durations: [string, number][] = [
  ['0s', 0],
  ['500ms', 500],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['1d2h3m4s5ms', 93_784_005],
]

for (const [text, milliseconds] of durations) {
  test(`${text} is ${milliseconds} ms, both ways`, t => {
    t.is(parseDuration(text), milliseconds)
    t.is(formatDuration(milliseconds), text)
  })
}

for (const text of ['', '5', '5 m', 'PT5M', '-5s', '1.5h', '30m1h', '5s5s', 'ms', `${'9'.repeat(20)}d`]) {
  test(`"${text}" is no duration`, t => {
    t.is(parseDuration(text), undefined)
  })
}
