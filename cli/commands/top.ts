import { setTimeout as sleep } from 'node:timers/promises'
import { type Load, openLoad, parseDuration, printId, shortId, TqError } from '../../engine/reader.ts'
import { connected } from '../connect.ts'
import type { Io } from '../io.ts'
import { ago, count, formatTable, printData, span, terminalWidth } from '../output.ts'
import { icon } from '../progress.ts'
import type { Action } from '../command.ts'

const top: Action = (io, options) => {
  const everyMs = parseDuration(String(options.every))
  if (everyMs === undefined || everyMs < 100)
    throw new TqError('USAGE', `--every ${options.every}: write a duration such as 2s, 100ms at least`)
  return connected(io, async context => {
    const look = openLoad(context)
    const machine = options.output !== undefined && options.output !== 'table'
    if (machine || !io.terminal || terminalWidth() === null) {
      const load = await look()
      if (machine)
        printData(
          io,
          options.output!,
          dataOf(load),
          load.queues.map(({ name }) => name),
        )
      else for (const line of frameOf(io, context.namespace, load, Number.POSITIVE_INFINITY)) io.out(line)
      return 0
    }
    const keys = openKeys(io)
    let lines: string[] = []
    while (!keys.signal.aborted) {
      lines = frameOf(io, context.namespace, await look(), io.columns() - 1)
      io.frame(lines.slice(0, Math.max(3, io.rows() - 2)))
      await sleep(everyMs, undefined, { signal: keys.signal }).catch(() => {})
    }
    io.frame(lines, true)
    keys.close()
    return io.signal.aborted || keys.interrupted() ? 130 : 0
  })
}
export default top

const dataOf = ({ runs, ...load }: Load) => ({ ...load, runs: runs.map(run => ({ ...run, id: printId(run.id) })) })

const frameOf = (io: Io, namespace: string, { at, queues, workers, runs }: Load, width: number): string[] => {
  const slots = workers.reduce((sum, one) => sum + one.concurrency, 0)
  const busy = workers.reduce((sum, one) => sum + one.running, 0)
  const head = `tq top  ${namespace}  ${at.toTimeString().slice(0, 8)}   ${count(workers.length, 'worker')}, ${busy} running in ${slots} child processes`
  const block = (header: string[], rows: string[][]) =>
    rows.length > 0 ? ['', ...formatTable({ header, rows }, width).split('\n')] : []
  return [
    io.paint('bold', head),
    ...block(
      ['QUEUE', 'QUEUED', 'RUNNING', 'OLDEST', 'IN/s', 'OUT/s', 'FAILED/s', 'WORKERS', 'SCHEDULED'],
      queues.map(queue => [
        queue.paused ? `${queue.name} (paused)` : queue.name,
        String(queue.queued),
        String(queue.running),
        queue.oldestMs === null ? '' : span(queue.oldestMs),
        rateText(queue.inPerS),
        rateText(queue.outPerS),
        rateText(queue.failedPerS),
        queue.workers === 0 && queue.queued > 0 ? '0 !' : String(queue.workers),
        String(queue.scheduled),
      ]),
    ),
    ...block(
      ['WORKER', 'RUNNING', 'CHILDREN', 'QUEUES', 'UP', 'PID', 'HOST'],
      workers.map(one => [
        one.draining ? `${one.worker} (draining)` : one.worker,
        String(one.running),
        String(one.concurrency),
        one.queues.filter(queue => queue !== 'tq').join(','),
        ago(one.started_at).replace(' ago', ''),
        String(one.pid),
        one.host,
      ]),
    ),
    ...block(
      ['RUN', 'WORKFLOW', 'STATE', 'STARTED', 'TRIGGER'],
      runs.map(run => [shortId(run.id), run.name, `${icon(run.state)} ${run.state}`, ago(run.started_at), run.trigger]),
    ),
  ]
}

const rateText = (rate: number | null): string =>
  rate === null ? '—' : rate >= 100 ? rate.toFixed(0) : rate.toFixed(1)

/** Ends at q or Ctrl-C, and at what ends the process. */
const openKeys = (io: Io): { signal: AbortSignal; interrupted(): boolean; close(): void } => {
  const quit = new AbortController()
  let interrupted = false
  const onKey = (keys: Buffer) => {
    interrupted ||= keys.includes(3)
    if (interrupted || /q/i.test(String(keys))) quit.abort()
  }
  if (io.interactive) {
    process.stdin.setRawMode(true)
    process.stdin.on('data', onKey)
  }
  return {
    signal: AbortSignal.any([quit.signal, io.signal]),
    interrupted: () => interrupted,
    close() {
      if (!io.interactive) return
      process.stdin.setRawMode(false)
      process.stdin.off('data', onKey)
      process.stdin.pause()
    },
  }
}
