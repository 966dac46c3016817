import { migrate, migrationState, oneOf, openDatabase, otherText, readConfig, TqError } from '../../engine/client.ts'
import { urlOf } from '../connect.ts'
import { print } from '../output.ts'
import type { Action } from '../command.ts'

const db: Action = async (io, options, action) => {
  if (action !== 'migrate' && action !== 'status')
    throw new TqError(
      'USAGE',
      `"${action}" is nothing to do with the database${oneOf(String(action), ['migrate', 'status'])}`,
    )
  const config = await readConfig(io.cwd, {}, io.env)
  const database = openDatabase(urlOf(config, io.env), { schema: config.schema, max: 2 })
  try {
    const made = action === 'migrate' ? await migrate(database) : []
    const { version, latest, changed } = await migrationState(database.sql)
    print(io, options.output, {
      data: { schema: config.schema, version, latest, applied: made, changed },
      names: [String(version)],
      table: {
        header: [],
        rows: [
          [
            `schema ${config.schema}:`,
            `version ${version} of ${latest}${made.length ? `, ${made.length} applied now` : ''}${version < latest ? ' (run tq db migrate)' : ''}`,
          ],
        ],
      },
    })
    if (changed.length > 0) io.err(`${otherText(changed)}: tq doctor says the way out`)
    return version === latest && changed.length === 0 ? 0 : 1
  } finally {
    await database.close()
  }
}
export default db
