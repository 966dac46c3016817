import { parseDuration } from '../../model/duration.ts'
import type { Json, JsonObject } from '../../model/json.ts'
import type { Expression, Template } from '../../model/plan.ts'
import { readCron } from '../../model/schedule/cron.ts'
import { isZone, zoneNames } from '../../model/schedule/zone.ts'
import { didYouMean } from '../../model/similar.ts'
import { type Compilation, report } from '../compilation.ts'
import type { TriggerForm } from './trigger.ts'

const moment = { type: 'string' }
const moments = { type: ['string', 'null'] }

/** A Schedule: its expressions see the fire time, which is nominal, however late the run is. */
export const schedule: TriggerForm = {
  root: () => ({
    type: 'object',
    additionalProperties: false,
    required: ['kind', 'name', 'time', 'previous', 'next', 'scheduledFor'],
    properties: {
      kind: { const: 'schedule' },
      name: { type: 'string' },
      time: moment,
      previous: moments,
      next: moments,
      scheduledFor: moment,
    },
  }),
  expressions: {},
  check(compilation) {
    checkTiming(compilation)
    checkCron(compilation)
    checkZone(compilation)
    checkBounds(compilation)
  },
  finish: (template, { timezone }) => (typeof timezone === 'string' ? inZone(template, timezone) : template),
}

const timings = ['cron', 'every', 'solar']
/** Fields that mean something only beside another. */
const companions: { [field: string]: string } = { seconds: 'cron', anchor: 'every' }

const checkTiming = (compilation: Compilation): void => {
  const { spec } = compilation
  const found = timings.filter(field => spec[field] !== undefined)
  if (found.length === 0) {
    const place = { owner: compilation.document.value as JsonObject, key: 'spec' }
    report(compilation, place, 'MISSING_FIELD', 'a Schedule says when: by `cron`, `every` or `solar`', { at: 'key' })
  }
  if (found.length > 1) {
    const message = `a Schedule has one of ${timings.join(', ')}; this one has ${found.join(' and ')}: make two of it`
    report(compilation, { owner: spec, key: found[1]! }, 'MISPLACED_FIELD', message, { at: 'key' })
  }
  for (const [field, beside] of Object.entries(companions)) {
    if (spec[field] === undefined || spec[beside] !== undefined) continue
    const message = `"${field}" stands beside \`${beside}\` only`
    report(compilation, { owner: spec, key: field }, 'MISPLACED_FIELD', message, { at: 'key' })
  }
  const every = parseDuration(String(spec.every ?? '1s'))
  if (every !== undefined && (every < 1000 || every > maxEveryMs))
    report(compilation, { owner: spec, key: 'every' }, 'INVALID_VALUE', '"every" is at least 1s and at most 3650d')
  const jitter = parseDuration(String(spec.jitter ?? '0s'))
  if (spec.every !== undefined && every !== undefined && jitter !== undefined && jitter > every)
    report(
      compilation,
      { owner: spec, key: 'jitter' },
      'INVALID_VALUE',
      `"jitter" is at most "every" (${spec.every}): a fire time must not be later than the next`,
    )
}

const maxEveryMs = 3650 * 86_400_000

const checkCron = (compilation: Compilation): void => {
  const { spec } = compilation
  if (typeof spec.cron !== 'string') return
  const read = readCron(spec.cron, { seconds: spec.seconds === true })
  if (typeof read === 'string') report(compilation, { owner: spec, key: 'cron' }, 'INVALID_CRON', read)
  if (spec.timezone !== undefined) return
  const message = '"cron" needs "timezone" beside it: a zone such as Europe/Lisbon, or UTC'
  report(compilation, { owner: spec, key: 'cron' }, 'MISSING_FIELD', message, { at: 'key' })
}

const checkZone = (compilation: Compilation): void => {
  const { spec } = compilation
  const { timezone } = spec
  if (typeof timezone !== 'string' || isZone(timezone)) return
  const message = `there is no time zone "${timezone}"${didYouMean(timezone, zoneNames()) || '; zones are called like Europe/Lisbon, or UTC'}`
  report(compilation, { owner: spec, key: 'timezone' }, 'INVALID_VALUE', message)
}

const checkBounds = (compilation: Compilation): void => {
  const { spec } = compilation
  for (const field of ['anchor', 'start', 'end']) {
    const at = spec[field]
    if (typeof at !== 'string' || !Number.isNaN(Date.parse(at))) continue
    report(compilation, { owner: spec, key: field }, 'INVALID_VALUE', `there is no moment ${at}`)
  }
  for (const [i, day] of (Array.isArray(spec.except) ? spec.except : []).entries())
    if (typeof day === 'string' && !isDay(day))
      report(compilation, { owner: spec.except as Json[], key: i }, 'INVALID_VALUE', `there is no day ${day}`)
  const [start, end] = [spec.start, spec.end].map(at => (typeof at === 'string' ? Date.parse(at) : Number.NaN))
  if (end! < start!) report(compilation, { owner: spec, key: 'end' }, 'INVALID_VALUE', '"end" is before "start"')
}

const isDay = (text: string): boolean => {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

/** Dates are written in the schedule's zone (semantics L10): `date` with a pattern gets it as a third argument. */
const inZone = (template: Template, zone: string): Template => {
  const change = (expression: Expression): Expression => {
    if (expression.kind !== 'call') return expression
    const args = expression.args.map(change)
    const local = expression.helper === 'date' && args.length === 2
    return { ...expression, args: local ? [...args, { kind: 'literal', value: zone }] : args }
  }
  if ('expression' in template) return { expression: change(template.expression) }
  if ('text' in template) return { text: template.text.map(one => (typeof one === 'string' ? one : change(one))) }
  if ('list' in template) return { list: template.list.map(one => inZone(one, zone)) }
  if ('value' in template) return template
  return { map: Object.fromEntries(Object.entries(template.map).map(([key, one]) => [key, inZone(one, zone)])) }
}
