import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseDuration } from '../engine/client.ts'
import { jitterOf } from '../engine/model/schedule/identity.ts'
import { applySchedules, killBeats, startBeat } from './support/beats.ts'
import { type Bench, benchClient } from './support/engine.ts'
import { machine, type Report, type Row, summarise } from './support/measure.ts'

const schema = 'tq_bench'
const jitter = '1m'
const zones = ['Europe/Lisbon', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'UTC']

/**
 * One beat and so many schedules: how late they fire over a minute, half of them by cron in five zones, spread by jitter; what
 * the process takes of a core meanwhile, and while none is due; and how long it takes when all are due at once.
 */
export const beat = async ({ url }: Bench, { runs, size }: { runs: number; size: number }): Promise<Report> => {
  const figures = new Map<string, { row: Omit<Row, 'median' | 'min' | 'max' | 'runs'>; values: number[] }>()
  const note = (what: string, unit: string, value: number) => {
    const known = figures.get(what) ?? { row: { what, unit, size }, values: [] }
    known.values.push(value)
    figures.set(what, known)
  }
  for (let i = 0; i < runs; i++) {
    const steady = await measureSteady(url, size)
    note('late p50', 'ms', steady.p50)
    note('late p99', 'ms', steady.p99)
    note('late at most', 'ms', steady.max)
    note('core, firing', '%', steady.cpu)
    note('fires/s', '/s', steady.rate)
    const spike = await measureSpike(url, size)
    note('all at once', 'ms', spike.drainedMs)
    note('core, idle', '%', spike.idle)
  }
  return {
    name: 'beat',
    machine: machine(),
    rows: [...figures.values()].map(({ row, values }) => ({ ...row, ...summarise(values) })),
  }
}

/** Three beats as processes, 200 schedules of a second, a minute; one of them is killed every 5 s. */
export const killedBeats = async ({ url }: Bench, { size }: { size: number }): Promise<Report> => {
  const context = await benchClient(url)
  try {
    const seconds = 60
    const result = await killBeats(context, { url, schema, beats: 3, schedules: size, seconds, everyMs: 5000 })
    const row = (what: string, unit: string, value: number): Row => ({ what, unit, size, ...summarise([value]) })
    return {
      name: 'beats',
      machine: machine(),
      rows: [
        row('fire times', '', size * seconds),
        row('runs', '', result.runs),
        row('distinct', '', result.distinct),
        row('late p99', 'ms', result.p99),
        row('late at most', 'ms', result.max),
        row('killed', 'times', result.kills),
      ],
      checks: {
        'each fire time once': result.runs === size * seconds && result.distinct === size * seconds,
        'late by less than 1 s': result.max < 1000,
      },
    }
  } finally {
    await context.close()
  }
}

const measureSteady = async (url: string, size: number) => {
  const context = await benchClient(url)
  const process = await startBeat(url, schema)
  try {
    await applySchedules(context, size, i =>
      i % 2 === 0
        ? `every: 1m, jitter: ${jitter}`
        : `cron: "* * * * *", timezone: ${zones[i % zones.length]}, jitter: ${jitter}`,
    )
    await sleep(60_000) // until each has fired once, whatever its jitter
    const [from] = await context.sql<{ at: Date }>`select clock_now() as at`
    const before = cpuMs(process.pid!)
    await sleep(30_000)
    const cpu = ((cpuMs(process.pid!) - before) / 30_000) * 100
    const rows = await context.sql<{ trigger: string; fire: number; started: number }>`
    select trigger, extract(epoch from fire_time)::float8 * 1000 as fire, extract(epoch from started_at)::float8 * 1000 as started
    from run where started_at > ${from!.at}`
    const late = rows
      .map(({ trigger, fire, started }) => {
        const schedule = { namespace: 'default', name: trigger.slice('schedule/'.length) }
        return started - fire - jitterOf(schedule, Math.round(fire), parseDuration(jitter)!)
      })
      .sort((a, b) => a - b)
    const at = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))]!
    return { p50: at(0.5), p99: at(0.99), max: late.at(-1)!, cpu, rate: rows.length / 30 }
  } finally {
    process.kill('SIGKILL')
    await context.close()
  }
}

const measureSpike = async (url: string, size: number) => {
  const context = await benchClient(url)
  const process = await startBeat(url, schema)
  try {
    const [clock] = await context.sql<{ ms: number }>`select extract(epoch from clock_now())::float8 * 1000 as ms`
    const at = Math.ceil(clock!.ms / 1000) * 1000 + 25_000
    await applySchedules(context, size, i =>
      i % 2 === 0
        ? `every: 24h, anchor: "${new Date(at).toISOString()}"`
        : `cron: "${new Date(at).getUTCSeconds()} ${new Date(at).getUTCMinutes()} ${new Date(at).getUTCHours()} * * *", seconds: true, timezone: UTC`,
    )
    await sleep(3000)
    const before = cpuMs(process.pid!)
    await sleep(10_000)
    const idle = ((cpuMs(process.pid!) - before) / 10_000) * 100
    for (;;) {
      const [row] = await context.sql<{ left: boolean; ms: number }>`
      select exists (select from schedule where fired = 0) as left, extract(epoch from clock_timestamp())::float8 * 1000 - ${at}::float8 as ms`
      if (!row!.left) return { drainedMs: row!.ms, idle }
      await sleep(row!.ms < -200 ? 100 : 10)
    }
  } finally {
    process.kill('SIGKILL')
    await context.close()
  }
}

/** What a process has taken of the processors. @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const cpuMs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
