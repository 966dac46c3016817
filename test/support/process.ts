import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves when a process has ended that is no child of ours, so that its end is no event: it is looked for. */
export const gone = async (pid: number): Promise<void> => {
  while (running(pid)) await sleep(10)
}

const running = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    // Ended, but nobody has waited for it.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return process.platform !== 'linux'
  }
}
