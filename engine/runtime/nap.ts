import { setTimeout as sleep } from 'node:timers/promises'

/** A sleep that ends early when somebody has a reason. */
export type Nap = {
  /** Ends the sleep; where nobody sleeps, the next one: what was told during a look is looked at. */
  wake(): void
  /** Resolves after so many ms, when woken, or when the signal aborts. */
  sleep(ms: number): Promise<void>
}

export const openNap = (signal: AbortSignal): Nap => {
  let woken = new AbortController()
  const wake = () => woken.abort()
  signal.addEventListener('abort', wake, { once: true })
  return {
    wake,
    async sleep(ms) {
      if (!signal.aborted) await sleep(ms, undefined, { signal: woken.signal }).catch(() => {})
      woken = new AbortController()
    },
  }
}
