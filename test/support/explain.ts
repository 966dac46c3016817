import type pg from 'pg'
import { openConnection, type Sql, tagged } from '../../engine/store/sql.ts'

export type Explained = {
  /** Tables and indexes read, as `Seq Scan job`, as far as they were read at all. */
  scans: string[]
  /** Pages of 8 KB looked at. */
  buffers: number
  ms: number
}

type PlanNode = {
  'Node Type': string
  'Relation Name'?: string
  'Actual Loops': number
  Plans?: PlanNode[]
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
}

/**
 * Runs a function of the store with all its statements explained: prepared as the engine does, so with generic plans,
 * executed, and rolled back.
 *
 * @param row what the statement seems to give: the first row, or none
 */
export const explain = async (url: string, work: (sql: Sql) => Promise<unknown>, row?: object): Promise<Explained> => {
  const client = await openConnection(url)
  const found: Explained = { scans: [], buffers: 0, ms: 0 }
  const query = async ({ text, values }: { text: string; values: unknown[] }) => {
    await client.query(`prepare explained as ${text}`)
    const given = values.length ? `(${values.map(literal).join(',')})` : ''
    const { rows } = await client.query(`explain (analyze, buffers, timing off, format json) execute explained${given}`)
    const { Plan: plan, 'Execution Time': ms } = rows[0]['QUERY PLAN'][0]
    found.buffers += plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
    found.ms += ms
    walk(plan, found.scans)
    await client.query('deallocate explained')
    return { rows: row ? [row] : [] }
  }
  try {
    await client.query('begin')
    await work(tagged({ query } as unknown as pg.ClientBase))
  } finally {
    await client.query('rollback').catch(() => {})
    await client.end()
  }
  return found
}

const walk = (node: PlanNode, scans: string[]): void => {
  if (node['Relation Name'] && node['Actual Loops'] > 0) scans.push(`${node['Node Type']} ${node['Relation Name']}`)
  for (const child of node.Plans ?? []) walk(child, scans)
}

const literal = (value: unknown): string =>
  value === null || value === undefined ? 'null' : `'${String(value).replaceAll("'", "''")}'`
