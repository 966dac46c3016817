import test from 'ava'
import { Cron } from 'croner'
import { jitterOf, runIdOf } from '../../engine/model/schedule/identity.ts'
import { formatMoment } from '../../engine/model/schedule/moment.ts'
import { nextSlot, previousSlot, timingOf } from '../../engine/model/schedule/timing.ts'
import type { ScheduleSpec } from '../../schemas/manifest.types.ts'

const slots = (spec: Partial<ScheduleSpec>, from: string, count: number): string[] => {
  const timing = timingOf({ workflow: 'w', ...spec })
  const found: string[] = []
  for (let at = nextSlot(timing, Date.parse(from)); at !== null && found.length < count; at = nextSlot(timing, at))
    found.push(formatMoment(at))
  return found
}
const before = (spec: Partial<ScheduleSpec>, from: string, count: number): string[] => {
  const timing = timingOf({ workflow: 'w', ...spec })
  const found: string[] = []
  for (
    let at = previousSlot(timing, Date.parse(from));
    at !== null && found.length < count;
    at = previousSlot(timing, at)
  )
    found.unshift(formatMoment(at))
  return found
}

/** Fire times after a moment; the way back from the last of them finds the others again. */
const fires = test.macro((t, spec: Partial<ScheduleSpec>, from: string, expected: string[]) => {
  t.deepEqual(slots(spec, from, expected.length), expected)
  const last = expected.at(-1)!
  const back = before(spec, last, expected.length - 1)
  t.deepEqual(back, expected.slice(0, -1))
})

const at = (cron: string, timezone: string): Partial<ScheduleSpec> => ({ cron, timezone })

test(
  'a time in the gap runs once, as late as the clocks were set forward',
  fires,
  at('30 1 * * *', 'Europe/Lisbon'),
  '2027-03-27T12:00Z',
  ['2027-03-28T01:30:00Z', '2027-03-29T00:30:00Z'],
)
test('New York: 2:30 in the gap is 3:30', fires, at('30 2 * * *', 'America/New_York'), '2027-03-13T12:00Z', [
  '2027-03-14T07:30:00Z',
  '2027-03-15T06:30:00Z',
])
test('two times in the gap are two', fires, at('15,45 1 * * *', 'Europe/Lisbon'), '2027-03-27T12:00Z', [
  '2027-03-28T01:15:00Z',
  '2027-03-28T01:45:00Z',
  '2027-03-29T00:15:00Z',
])
test(
  'a time in the gap that falls on another is one with it',
  fires,
  at('*/30 1-2 * * *', 'Europe/Lisbon'),
  '2027-03-27T12:00Z',
  ['2027-03-28T01:00:00Z', '2027-03-28T01:30:00Z', '2027-03-29T00:00:00Z'],
)
test('every half hour goes on through a gap', fires, at('*/30 * * * *', 'Europe/Lisbon'), '2027-03-28T00:10Z', [
  '2027-03-28T00:30:00Z',
  '2027-03-28T01:00:00Z',
  '2027-03-28T01:30:00Z',
  '2027-03-28T02:00:00Z',
])
test(
  'a time in the overlap runs once, in the first pass',
  fires,
  at('30 1 * * *', 'America/New_York'),
  '2027-11-06T12:00Z',
  ['2027-11-07T05:30:00Z', '2027-11-08T06:30:00Z'],
)
test('every hour goes on through an overlap', fires, at('0 * * * *', 'America/New_York'), '2027-11-07T03:30Z', [
  '2027-11-07T04:00:00Z',
  '2027-11-07T05:00:00Z',
  '2027-11-07T06:00:00Z',
  '2027-11-07T07:00:00Z',
])
test('named hours run once in an overlap', fires, at('0,30 1,2 * * *', 'America/New_York'), '2027-11-07T03:30Z', [
  '2027-11-07T05:00:00Z',
  '2027-11-07T05:30:00Z',
  '2027-11-07T07:00:00Z',
  '2027-11-07T07:30:00Z',
])
test(
  'midnight that does not exist: the day begins at one',
  fires,
  at('0 0 * * *', 'Africa/Cairo'),
  '2027-04-29T12:00Z',
  ['2027-04-29T22:00:00Z', '2027-04-30T21:00:00Z'],
)
test(
  'Lord Howe sets its clocks forward by half an hour',
  fires,
  at('15 2 * * *', 'Australia/Lord_Howe'),
  '2027-10-01T14:00Z',
  ['2027-10-01T15:45:00Z', '2027-10-02T15:45:00Z', '2027-10-03T15:15:00Z'],
)
test(
  'Lord Howe: quarters go on through its gap',
  fires,
  at('*/15 * * * *', 'Australia/Lord_Howe'),
  '2027-10-02T14:50Z',
  ['2027-10-02T15:00:00Z', '2027-10-02T15:15:00Z', '2027-10-02T15:30:00Z', '2027-10-02T15:45:00Z'],
)
test(
  'Lord Howe: quarters go on through its overlap',
  fires,
  at('*/15 * * * *', 'Australia/Lord_Howe'),
  '2027-04-03T14:35Z',
  ['2027-04-03T14:45:00Z', '2027-04-03T15:00:00Z', '2027-04-03T15:15:00Z', '2027-04-03T15:30:00Z'],
)
test(
  'Lord Howe: a time in its overlap runs once',
  fires,
  at('45 1 * * *', 'Australia/Lord_Howe'),
  '2027-04-02T00:00Z',
  ['2027-04-02T14:45:00Z', '2027-04-03T14:45:00Z', '2027-04-04T15:15:00Z'],
)
test('29 February waits for leap years', fires, at('0 0 29 2 *', 'UTC'), '2026-01-01T00:00Z', [
  '2028-02-29T00:00:00Z',
  '2032-02-29T00:00:00Z',
])
test('1900 and 2100 are no leap years', fires, at('0 0 29 2 *', 'UTC'), '2096-03-01T00:00Z', [
  '2104-02-29T00:00:00Z',
  '2108-02-29T00:00:00Z',
])
test('the 31st passes over short months', fires, at('0 0 31 * *', 'UTC'), '2027-01-01T00:00Z', [
  '2027-01-31T00:00:00Z',
  '2027-03-31T00:00:00Z',
  '2027-05-31T00:00:00Z',
  '2027-07-31T00:00:00Z',
])
test('the last day of each month', fires, at('0 0 L * *', 'UTC'), '2028-01-01T00:00Z', [
  '2028-01-31T00:00:00Z',
  '2028-02-29T00:00:00Z',
  '2028-03-31T00:00:00Z',
])
test('the turn of the year', fires, at('@hourly', 'Asia/Tokyo'), '2026-12-31T14:30Z', [
  '2026-12-31T15:00:00Z',
  '2026-12-31T16:00:00Z',
])
test('the new year of a zone', fires, at('@yearly', 'Pacific/Kiritimati'), '2026-06-01T00:00Z', [
  '2026-12-31T10:00:00Z',
  '2027-12-31T10:00:00Z',
])
test(
  'seconds come first',
  fires,
  { cron: '*/20 59 23 * * *', seconds: true, timezone: 'UTC' },
  '2026-12-31T23:59:30Z',
  ['2026-12-31T23:59:40Z', '2027-01-01T23:59:00Z'],
)
test('a day of the month or a weekday: either is enough', fires, at('0 0 13 * FRI', 'UTC'), '2027-08-09T00:00Z', [
  '2027-08-13T00:00:00Z',
  '2027-08-20T00:00:00Z',
  '2027-08-27T00:00:00Z',
  '2027-09-03T00:00:00Z',
  '2027-09-10T00:00:00Z',
  '2027-09-13T00:00:00Z',
])

test('an interval is counted from 1970', fires, { every: '90m' }, '2027-01-01T00:10Z', [
  '2027-01-01T01:30:00Z',
  '2027-01-01T03:00:00Z',
])
test(
  'an interval is counted from its anchor, backwards too',
  fires,
  { every: '7d', anchor: '2027-02-01T09:00:00+01:00' },
  '2027-01-20T00:00Z',
  ['2027-01-25T08:00:00Z', '2027-02-01T08:00:00Z'],
)
test(
  'start and end are fire times where they are some',
  fires,
  { every: '1h', start: '2027-01-01T02:00Z', end: '2027-01-01T04:00Z' },
  '2026-01-01T00:00Z',
  ['2027-01-01T02:00:00Z', '2027-01-01T03:00:00Z', '2027-01-01T04:00:00Z'],
)
test(
  'days of `except` are of the zone',
  fires,
  { ...at('0 */8 * * *', 'Asia/Tokyo'), except: ['2026-12-25'] },
  '2026-12-24T06:00Z',
  ['2026-12-24T07:00:00Z', '2026-12-25T15:00:00Z', '2026-12-25T23:00:00Z'],
)

test('after its end there is nothing', t => {
  t.deepEqual(slots({ every: '1h', end: '2027-01-01T04:00Z' }, '2027-01-01T03:30Z', 5), ['2027-01-01T04:00:00Z'])
})

test('sunrise in Lisbon is where almanacs have it, within two minutes', t => {
  const [first, second] = slots(
    { solar: { event: 'sunrise', latitude: 38.72, longitude: -9.14 } },
    '2027-06-20T12:00Z',
    2,
  )
  t.true(Math.abs(Date.parse(first!) - Date.parse('2027-06-21T05:12Z')) < 120_000, first)
  t.true(Math.abs(Date.parse(second!) - Date.parse('2027-06-22T05:12Z')) < 120_000, second)
})

test('where the sun does not rise there is no sunrise until it does', t => {
  const [first] = slots({ solar: { event: 'sunrise', latitude: 69.65, longitude: 18.96 } }, '2026-12-01T00:00Z', 1)
  t.regex(first!, /^2027-01-1\d/)
  t.deepEqual(
    slots({ solar: { event: 'dusk-astronomical', latitude: 69.65, longitude: 18.96 } }, '2027-06-01T00:00Z', 1).length,
    1,
  )
})

test('the sun’s events go on day by day, also across the date line', t => {
  for (const longitude of [-179.5, 0, 179.5])
    for (const event of ['dawn-civil', 'noon', 'sunset']) {
      const found = slots({ solar: { event, latitude: 10, longitude } as never }, '2027-02-27T00:00Z', 5).map(
        Date.parse,
      )
      for (let i = 1; i < 5; i++)
        t.true(Math.abs(found[i]! - found[i - 1]! - 86_400_000) < 300_000, `${event} ${longitude}`)
      t.deepEqual(
        found.slice(0, 4),
        before({ solar: { event, latitude: 10, longitude } as never }, formatMoment(found[4]!), 4).map(Date.parse),
      )
    }
})

/** Where clocks are not changed within the days looked at, or only over times that the expression does not name. */
const zones: [string, string, string][] = [
  ['30 9 * * MON-FRI', 'Europe/Lisbon', '2027-03-26T00:00Z'],
  ['15 4 1,15 * *', 'America/New_York', '2027-03-01T00:00Z'],
  ['0 12 * * SUN', 'Australia/Lord_Howe', '2027-03-20T00:00Z'],
  ['45 23 31 12 *', 'Pacific/Kiritimati', '2026-01-01T00:00Z'],
  ['0 6,18 * * *', 'Asia/Kathmandu', '2027-02-27T00:00Z'],
  ['5 0 29 2 *', 'Asia/Tehran', '2026-01-01T00:00Z'],
  ['*/10 8-10 * 2 *', 'America/Sao_Paulo', '2028-02-28T00:00Z'],
  ['0 0 1 */3 *', 'Africa/Casablanca', '2027-01-01T00:00Z'],
  ['30 17 * 6-8 FRI', 'Europe/London', '2027-08-20T00:00Z'],
  ['20 14 31 * *', 'Pacific/Auckland', '2027-03-01T00:00Z'],
]
for (const [cron, zone, from] of zones)
  test(`another library finds the same: ${cron} in ${zone} from ${from}`, t => {
    const theirs = new Cron(cron, { timezone: zone, paused: true })
      .nextRuns(40, new Date(from))
      .map(date => formatMoment(date.getTime()))
    t.deepEqual(slots({ cron, timezone: zone }, from, theirs.length), theirs)
  })

test('every minute of a zone’s year is found, in order, none twice', t => {
  const timing = timingOf({ workflow: 'w', cron: '*/10 * * * *', timezone: 'Australia/Lord_Howe' })
  let expected = Date.parse('2027-01-01T00:00Z')
  for (let i = 0; i < 6 * 24 * 365; i++, expected += 600_000)
    if (nextSlot(timing, expected - 600_000) !== expected) break
  t.is(formatMoment(expected), '2028-01-01T00:00:00Z')
})

test('a fire time has one run id and one jitter, whoever asks', t => {
  const schedule = { namespace: 'default', name: 'nightly' }
  const slot = Date.parse('2027-01-01T00:00Z')
  t.is(runIdOf(schedule, slot), runIdOf({ ...schedule }, slot))
  t.not(runIdOf(schedule, slot), runIdOf(schedule, slot + 1000))
  t.not(runIdOf(schedule, slot), runIdOf({ ...schedule, name: 'other' }, slot))
  t.is(jitterOf(schedule, slot, 300_000), jitterOf(schedule, slot, 300_000))
  const found = Array.from({ length: 1000 }, (_, i) => jitterOf(schedule, slot + i * 1000, 60_000))
  t.true(Math.min(...found) < 1000 && Math.max(...found) > 59_000 && Math.max(...found) < 60_000)
})
