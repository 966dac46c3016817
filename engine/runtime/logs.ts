import type { LogLine } from '../executor/index.ts'
import type { HeldJob } from '../store/job.ts'
import { storeLogs, type LogRow } from '../store/log.ts'
import type { Json } from '../model/json.ts'
import type { Context } from './context.ts'
import type { Secrets } from './secret.ts'

export type LogWriter = {
  write(lines: LogLine[], jobOf: (key: number) => HeldJob | undefined): void
  close(): Promise<void>
}

const flushMs = 50
const maxLines = 20_000

/** Writes handlers' log lines beside the hot path: in batches, bounded, never waited for by a job, and without secrets. */
export const openLogWriter = (context: Context, secrets: Secrets): LogWriter => {
  let rows: LogRow[] = []
  let dropped = 0
  let timer: NodeJS.Timeout | null = null
  let writing = Promise.resolve()
  const flush = () => {
    timer = null
    const batch = rows
    rows = []
    writing = writing.then(async () => {
      for (let i = 0; i < batch.length; i += 1000)
        await storeLogs(context.sql, batch.slice(i, i + 1000)).catch(error =>
          context.log('warn', `log lines were lost: ${error.message}`),
        )
      if (dropped > 0)
        context.log('warn', `${dropped} log lines were dropped: they came faster than they could be stored`)
      dropped = 0
    })
  }
  return {
    write(lines, jobOf) {
      for (const { key, level, message, fields } of lines) {
        const job = key === null ? undefined : jobOf(key)
        if (!job) continue
        if (rows.length >= maxLines) dropped++
        else
          rows.push({
            run: job.run,
            n: job.n,
            attempt: job.attempt,
            level,
            message: secrets.hide(message),
            fields: fields ? JSON.stringify(secrets.hideIn(fields as Json)) : null,
          })
      }
      if (!timer && rows.length > 0) timer = setTimeout(flush, flushMs)
    },
    async close() {
      if (timer) clearTimeout(timer)
      flush()
      await writing
    },
  }
}
