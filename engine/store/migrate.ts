import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { TqError } from '../model/errors.ts'
import type { Database, Sql } from './sql.ts'

const folder = new URL('./migrations/', import.meta.url)

/** `changed`: those that were applied with other text than this tq has. */
export type MigrationState = {
  version: number
  latest: number
  applied: { version: number; at: Date }[]
  changed: number[]
}

/**
 * Brings the schema to the newest version: numbered `.sql` files, each once, in one transaction under an advisory lock, so
 * that twenty processes may start at once. A file that was applied and has changed since is an error.
 *
 * @returns the versions applied now
 */
export const migrate = async (database: Database): Promise<number[]> => {
  const files = await migrations()
  await database.sql.script(`create schema if not exists "${database.schema}"`).catch(raceOfTwoCreators)
  return database.sql.begin(async sql => {
    await sql`select pg_advisory_xact_lock(29809, hashtext(${database.schema}))`
    await sql.script(
      'create table if not exists migration (version int primary key, hash text not null, at timestamptz not null default now())',
    )
    const applied = await sql<{ version: number; hash: string }>`select version, hash from migration`
    const made: number[] = []
    for (const { version, hash, text } of files) {
      const before = applied.find(row => row.version === version)
      if (before && before.hash !== hash)
        throw new TqError('SCHEMA_OUTDATED', `${otherText([version])}; use the tq that did`)
      if (before) continue
      await sql.script(text)
      await sql`insert into migration (version, hash) values (${version}, ${hash})`
      made.push(version)
    }
    return made
  })
}

/** What it means that migrations were applied with other text. */
export const otherText = (versions: number[]): string =>
  `another version or build of tq has migrated this schema: migration ${versions.join(', ')} has other text here, which \`tq db migrate\` cannot mend`

/** What is applied and what this tq knows. */
export const migrationState = async (sql: Sql): Promise<MigrationState> => {
  const files = await migrations()
  const [found] = await sql<{ there: boolean }>`select to_regclass('migration') is not null as there`
  const applied = found?.there
    ? await sql<{ version: number; hash: string; at: Date }>`select version, hash, at from migration order by version`
    : []
  const hashes = new Map(files.map(({ version, hash }) => [version, hash]))
  return {
    version: applied.at(-1)?.version ?? 0,
    latest: files.at(-1)?.version ?? 0,
    applied: applied.map(({ version, at }) => ({ version, at })),
    changed: applied.flatMap(({ version, hash }) =>
      hashes.has(version) && hashes.get(version) !== hash ? [version] : [],
    ),
  }
}

/** Which Postgres it is. */
export const serverVersion = async (sql: Sql): Promise<string> => {
  const [row] = await sql<{ version: string }>`select version()`
  return row!.version
}

const migrations = async (): Promise<{ version: number; hash: string; text: string }[]> => {
  const files = (await readdir(folder)).filter(name => /^\d{4}\.sql$/.test(name)).sort()
  return Promise.all(
    files.map(async name => {
      const text = await readFile(new URL(name, folder), 'utf8')
      return { version: Number(name.slice(0, 4)), hash: createHash('sha256').update(text).digest('hex'), text }
    }),
  )
}

/** `create schema if not exists` of two processes at once may fail in one of them; the schema is there all the same. */
const raceOfTwoCreators = (error: Error & { code?: string }) => {
  if (error.code !== '23505' && error.code !== '42P06') throw error
}
