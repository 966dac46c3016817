import { type Config, type Context, openClient, readConfig, TqError } from '../engine/reader.ts'
import { misspelt } from './checks/settings.ts'
import type { Io } from './io.ts'

/** Connects as configured, does the work, and closes. */
export const connected = async <T>(io: Io, work: (context: Context, config: Config) => Promise<T>): Promise<T> => {
  const config = await readConfig(io.cwd, {}, io.env)
  const context = await openClient({ ...config, databaseUrl: urlOf(config, io.env), log: () => {} })
  try {
    return await work(context, config)
  } finally {
    await context.close()
  }
}

/** @throws DATABASE_UNREACHABLE where none is configured and no `tq dev` runs here */
export const urlOf = (config: Config, env: NodeJS.ProcessEnv): string => {
  if (config.databaseUrl) return config.databaseUrl
  const meant = misspelt(env).find(one => one.meant?.endsWith('DATABASE_URL'))
  if (meant)
    throw new TqError(
      'DATABASE_UNREACHABLE',
      `no database is configured: ${meant.name} is no variable of tq; did you mean ${meant.meant}?`,
    )
  throw new TqError(
    'DATABASE_UNREACHABLE',
    'no database is configured and no `tq dev` runs in this folder; start `tq dev`, or set TQ_DATABASE_URL',
  )
}
