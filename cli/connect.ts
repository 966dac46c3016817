import { type Config, type Context, openClient, readConfig, TqError } from '../engine/reader.ts'
import type { Io } from './io.ts'

/** Connects as configured, does the work, and closes. */
export const connected = async <T>(io: Io, work: (context: Context, config: Config) => Promise<T>): Promise<T> => {
  const config = await readConfig(io.cwd, {}, io.env)
  const context = await openClient({ ...config, databaseUrl: urlOf(config), log: () => {} })
  try {
    return await work(context, config)
  } finally {
    await context.close()
  }
}

/** @throws DATABASE_UNREACHABLE where none is configured and no `tq dev` runs here */
export const urlOf = (config: Config): string => {
  if (config.databaseUrl) return config.databaseUrl
  throw new TqError(
    'DATABASE_UNREACHABLE',
    'no database is configured and no `tq dev` runs in this folder; start `tq dev`, or set TQ_DATABASE_URL',
  )
}
