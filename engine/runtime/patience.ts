import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Does something again as long as it fails for want of the database: at once, then with growing pauses up to 1 s.
 * Other errors pass through. With the signal aborted the last error does.
 */
export const patiently = async <T>(
  work: () => Promise<T>,
  { signal, onRetry = () => {} }: { signal: AbortSignal; onRetry?: (error: Error) => void },
): Promise<T> => {
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 1000)) {
    try {
      return await work()
    } catch (error) {
      if (!isTransient(error) || signal.aborted) throw error
      onRetry(error as Error)
      await sleep(waitMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }
}

/** Connections that break, servers that start or stop, and conflicts that a second try solves. */
const isTransient = (error: unknown): boolean =>
  isLostConnection(error) || ['40001', '40P01', '55P03', '53300', '57014'].includes(code(error))

export const isLostConnection = (error: unknown): boolean =>
  /^(08|57P0)/.test(code(error)) ||
  ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'].includes(code(error)) ||
  (error instanceof Error &&
    /Connection terminated|not queryable|client has encountered|timeout exceeded when trying to connect|Client was closed/i.test(
      error.message,
    ))

/** Whether a server has as many connections as it may. */
export const isFull = (error: unknown): boolean => code(error) === '53300'

const code = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '')
