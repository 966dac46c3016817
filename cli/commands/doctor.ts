import {
  type Config,
  explain,
  migrationState,
  openClient,
  openDatabase,
  otherText,
  readConfig,
  serverFacts,
  type ServerFacts,
} from '../../engine/reader.ts'
import { type Check, type Finding, local, remote } from '../checks/index.ts'
import { urlOf } from '../connect.ts'
import type { Io } from '../io.ts'
import { count, printData, span } from '../output.ts'
import type { Action } from '../command.ts'

const doctor: Action = async (io, options) => {
  const config = await readConfig(io.cwd, {}, io.env).catch(() => null)
  const findings = [...(await run(local, { io, config })), ...(config ? await database(io, config) : [])]
  const failed = findings.filter(({ level }) => level === 'failed').length
  const warnings = findings.filter(({ level }) => level === 'warning').length
  const code = failed > 0 ? 1 : 0
  if (options.output !== undefined && options.output !== 'table') {
    printData(
      io,
      options.output,
      { failed, warnings, findings },
      findings.filter(one => one.level !== 'ok').map(one => one.check),
    )
    return code
  }
  const width = Math.max(...findings.map(({ check }) => check.length))
  for (const { check, level, text, fix } of findings) {
    const [color, mark] = marks[level]
    io.out(`${io.paint(color, mark)} ${check.padEnd(width)}  ${text}`)
    if (fix) io.out(`${' '.repeat(width + 4)}fix: ${fix}`)
  }
  io.err(`${failed} failed, ${count(warnings, 'warning')}, ${findings.length - failed - warnings} ok`)
  return code
}
export default doctor

const marks = { ok: ['green', '✓'], warning: ['yellow', '!'], failed: ['red', '✖'] } as const

const run = async <Known>(checks: Check<Known>[], known: Known): Promise<Finding[]> => {
  const found = await Promise.all(
    checks.map(async ({ name, find }) => (await find(known)).map(one => ({ check: name, ...one }))),
  )
  return found.flat()
}

/** The oldest Postgres that has what the store needs. */
const oldest = 160_000
/** So far a clock may be from the database's before it confuses those who read logs, ms. */
const skewMs = 2000

/** The database, and what it can be asked for: without it nothing else. */
const database = async (io: Io, config: Config): Promise<Finding[]> => {
  const say = (level: Finding['level'], text: string, fix?: string): Finding => ({
    check: 'database',
    level,
    text,
    ...(fix ? { fix } : {}),
  })
  if (!config.databaseUrl)
    return [
      say(
        'failed',
        'none is configured, and no `tq dev` runs in this folder',
        'tq dev, or: export TQ_DATABASE_URL=postgres://…',
      ),
    ]
  const open = openDatabase(urlOf(config, io.env), { schema: config.schema, max: 2 })
  try {
    const { version, latest, changed } = await migrationState(open.sql)
    if (changed.length > 0)
      return [
        say(
          'failed',
          otherText(changed),
          `use the tq that did; to try, tq dev --fresh; or leave that schema alone and take another: export TQ_DATABASE_SCHEMA=${config.schema}2; tq db migrate`,
        ),
      ]
    if (version < latest) return [say('failed', `schema ${version} of ${latest}: older than this tq`, 'tq db migrate')]
    if (version > latest)
      return [
        say('failed', `schema ${version} is newer than this tq, which knows ${latest}`, 'npm install tqflow@latest'),
      ]
    const asked = Date.now()
    const server = await serverFacts(open.sql)
    const tookMs = Date.now() - asked
    const skew = Math.round(server.nowMs - asked - tookMs / 2)
    if (server.version < oldest) return [say('failed', `postgres ${server.name}; 16 or newer is needed`, 'pg_upgrade')]
    const about = [
      say(
        'ok',
        `postgres ${server.name}, ${span(tookMs)} · schema ${version} of ${latest} · ${server.connections}/${server.maxConnections} connections`,
      ),
      ...(Math.abs(skew) > skewMs
        ? [
            say(
              'warning',
              `this clock is ${span(Math.abs(skew))} ${skew > 0 ? 'behind' : 'ahead of'} the database's, which decides`,
              'timedatectl set-ntp true',
            ),
          ]
        : []),
      ...(server.connections > 0.9 * server.maxConnections
        ? [
            say(
              'warning',
              `${server.connections} of ${server.maxConnections} connections are taken`,
              "psql -c 'alter system set max_connections = 200', and start it again",
            ),
          ]
        : []),
    ]
    return [...about, ...(await connected(io, config, server))]
  } catch (error) {
    const known = explain(error)
    const denied = (error as { code?: string }).code === '42501'
    if (denied) return [say('failed', known.message, `psql -c 'grant usage on schema ${config.schema} to public'`)]
    // What refuses says what to do after a semicolon.
    const [refused, way] = known.code === 'DATABASE_REFUSED' ? known.message.split('; ') : []
    return [
      say(
        'failed',
        refused ?? known.message,
        way ?? 'start it, or correct TQ_DATABASE_URL; to try tq without it: unset TQ_DATABASE_URL DATABASE_URL; tq dev',
      ),
    ]
  } finally {
    await open.close()
  }
}

const connected = async (io: Io, config: Config, server: ServerFacts): Promise<Finding[]> => {
  const context = await openClient({ ...config, databaseUrl: urlOf(config, io.env), log: () => {} })
  try {
    return await run(remote, { io, config, context, server })
  } finally {
    await context.close()
  }
}
