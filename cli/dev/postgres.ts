import { rm } from 'node:fs/promises'
import { type EmbeddedPostgres, startPostgres } from '../../engine/server.ts'
import type { Io } from '../io.ts'

/** The Postgres of `tq dev`; `fresh` empties its folder first. */
export const embedded = async (io: Io, dataDir: string, fresh: boolean): Promise<EmbeddedPostgres> => {
  const postgres = await startPostgres({ dataDir })
  if (!fresh) return kept(io, dataDir, postgres)
  await postgres.stop()
  await rm(postgres.dataDir, { recursive: true, force: true })
  return kept(io, dataDir, await startPostgres({ dataDir }))
}

/** A Postgres that is started again when it dies: at the same port, so that everybody finds it where it was. */
const kept = (io: Io, dataDir: string, first: EmbeddedPostgres): EmbeddedPostgres => {
  let current = first
  let busy: Promise<void> | null = null
  const again = async () => {
    io.err(`   ! Postgres has died (pid ${current.pid}); it is started again, and what ran goes on`)
    await current.stop().catch(() => {}) // gives its folder back
    current = await startPostgres({ dataDir })
    io.err('   ✓ Postgres is back')
  }
  const timer = setInterval(() => {
    if (busy || alive(current.pid)) return
    busy = again()
      .catch(error => io.err(`   ! ${(error as Error).message}`))
      .finally(() => {
        busy = null
      })
  }, 300)
  return {
    ...first,
    get pid() {
      return current.pid
    },
    async stop() {
      clearInterval(timer)
      await busy
      await current.stop()
    },
  }
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** The second Ctrl-C: nothing is waited for, and no server is left behind. */
export const stopNow = (postgres: number | undefined): never => {
  if (postgres) process.kill(postgres, 'SIGQUIT')
  process.exit(130)
}
