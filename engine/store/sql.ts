import pg from 'pg'
import { createHash } from 'node:crypto'

/**
 * Runs one named, prepared statement: `` sql<Row>`select … where id = ${id}` ``. Values are parameters; nothing is spliced.
 * The name is the hash of the text, computed once per place in the code.
 */
export type Sql = {
  <Row extends object = Record<string, unknown>>(text: TemplateStringsArray, ...values: unknown[]): Promise<Row[]>
  /** Runs `work` in one transaction on one connection: committed when it returns, rolled back when it throws. */
  begin<T>(work: (sql: Sql) => Promise<T>): Promise<T>
  /** Runs text of several statements, without parameters: migrations. */
  script(text: string): Promise<void>
}

export type Database = { sql: Sql; url: string; schema: string; close(): Promise<void> }

/**
 * Planner settings of every connection. Generic plans, and no hash or merge joins, sequential or bitmap scans where an index will
 * do: under stale statistics `update … from unnest()` otherwise scans the table per batch (180,000 rows/s become 400), and a
 * claim reads and sorts its whole queue instead of the first rows of its index. Pages cost little, because the hot tables are
 * in memory: priced as reads from a disk, ten rows by their place lose against a walk through the whole index.
 */
const planner = (schema: string): string =>
  [
    'plan_cache_mode=force_generic_plan',
    'enable_hashjoin=off',
    'enable_mergejoin=off',
    'enable_seqscan=off',
    'enable_bitmapscan=off',
    'seq_page_cost=0.1',
    'random_page_cost=0.1',
    'jit=off',
    'client_min_messages=warning',
    `search_path=${schema}`,
  ]
    .map(setting => `-c ${setting}`)
    .join(' ')

pg.types.setTypeParser(20, Number)

/** Opens a pool of at most `max` connections (default 4: more do not help on few cores). Connects lazily. */
export const openDatabase = (
  url: string,
  { schema = 'tq', max = 4 }: { schema?: string; max?: number } = {},
): Database => {
  const pool = new pg.Pool({ connectionString: url, max, options: planner(schema), keepAlive: true })
  pool.on('error', () => {}) // an idle connection that breaks is replaced by the pool; the next statement says what is wrong
  return { sql: tagged(pool), url, schema, close: () => pool.end() }
}

/** A single connection of its own, for LISTEN and session locks. */
export const openConnection = async (url: string, { schema = 'tq' }: { schema?: string } = {}): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url, options: planner(schema), keepAlive: true })
  client.on('error', () => {}) // reported through 'end'
  await client.connect()
  return client
}

const isPart = Symbol('part')
export type Part = { [isPart]: true; strings: TemplateStringsArray; values: unknown[] }

/**
 * A piece of a statement, with parameters and pieces of its own, given as a value of the whole. Which pieces a statement has is decided
 * by code, never by data, so that there are few texts, each prepared once.
 */
export const part = (strings: TemplateStringsArray, ...values: unknown[]): Part => ({ [isPart]: true, strings, values })
export const none = part``

const ids = new WeakMap<TemplateStringsArray, number>()
const statements = new Map<string, { name: string; text: string }>()
let lastId = 0
const idOf = (strings: TemplateStringsArray): number => {
  if (!ids.has(strings)) ids.set(strings, ++lastId)
  return ids.get(strings)!
}
const asPart = (value: unknown): Part | null =>
  typeof value === 'object' && value !== null && isPart in value ? (value as Part) : null

/** The prepared statement of a template and its parts, and all parameters in their order. */
const statement = (
  strings: TemplateStringsArray,
  values: unknown[],
): { name: string; text: string; values: unknown[] } => {
  const flat: unknown[] = []
  const key = keyOf(strings, values, flat)
  let known = statements.get(key)
  if (!known) {
    const text = textOf(strings, values, { count: 0 })
    known = { name: createHash('sha1').update(text).digest('base64url').slice(0, 16), text }
    statements.set(key, known)
  }
  return { ...known, values: flat }
}

/** Which pieces a statement is made of; its parameters go into `flat`. */
const keyOf = (strings: TemplateStringsArray, values: unknown[], flat: unknown[]): string => {
  let key = String(idOf(strings))
  for (const value of values) {
    const found = asPart(value)
    if (found) key += `(${keyOf(found.strings, found.values, flat)})`
    else flat.push(value)
  }
  return key
}

const textOf = (strings: TemplateStringsArray, values: unknown[], placed: { count: number }): string =>
  strings.reduce((sum, next, i) => {
    const found = asPart(values[i - 1])
    return `${sum}${found ? textOf(found.strings, found.values, placed) : `$${++placed.count}`}${next}`
  })

/** The tag over a pool or over one client. */
export const tagged = (target: pg.Pool | pg.ClientBase): Sql => {
  const query = async (strings: TemplateStringsArray, ...values: unknown[]) =>
    (await target.query(statement(strings, values))).rows
  return Object.assign(query, {
    async begin<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
      if (!(target instanceof pg.Pool)) return nested(target, work)
      const client = await target.connect()
      client.on('error', ignore) // a connection that breaks between two statements: the next one says so
      try {
        const result = await nested(client, work)
        client.release()
        return result
      } catch (error) {
        client.release(error instanceof Error ? error : true)
        throw error
      } finally {
        client.off('error', ignore)
      }
    },
    async script(text: string): Promise<void> {
      await target.query(text)
    },
  }) as Sql
}

const ignore = () => {}

const nested = async <T>(client: pg.ClientBase, work: (sql: Sql) => Promise<T>): Promise<T> => {
  await client.query('begin')
  try {
    const result = await work(tagged(client))
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/**
 * Parameters for whole columns, cheaper than the driver's own arrays by far: numbers and booleans as an array literal,
 * JSON texts as lines (`string_to_array($1, E'\n', '')`: JSON has no raw line break; null is an empty line).
 */
export const column = (values: (number | boolean | string | null)[]): string =>
  `{${values.map(v => v ?? 'null').join(',')}}`
export const lines = (values: (string | null)[]): string => values.map(v => v ?? '').join('\n')
