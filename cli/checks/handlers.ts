import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { listHandlers, listSessions, neededHandlers } from '../../engine/reader.ts'
import type { Check, Connected, Place } from './index.ts'

const run = promisify(execFile)
/** Loading a file may take so long, ms. */
const patienceMs = 10_000
const most = 200

/** Files in the handlers' folder that cannot be loaded, or have no function to call. Each is loaded in a process of its own. */
export const handlerFiles: Check<Place> = {
  name: 'handler files',
  async find({ config }) {
    const found = config && (await listHandlers(config.handlersDir))
    if (!config || !found) return []
    const wrong = []
    for (let i = 0; i < Math.min(found.length, most); i += 2)
      wrong.push(...(await Promise.all(found.slice(i, i + 2).map(name => problemOf(config.handlersDir, name)))).flat())
    return wrong.length > 0 ? wrong : [{ level: 'ok', text: `${found.length} in ${config.handlersDir}` }]
  },
}

const probe =
  "const m = await import(process.argv[1]); if (typeof m.default !== 'function') { console.error('it has no default export that is a function'); process.exit(1) } process.exit(0)"

/** What keeps a handler's file from being loaded; nothing where nothing does. */
export const problemOf = async (dir: string, name: string) => {
  const file = ['ts', 'js', 'mjs'].map(extension => join(dir, `${name}.${extension}`)).find(path => existsSync(path))!
  try {
    await run(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', probe, file], {
      timeout: patienceMs,
    })
    return []
  } catch (error) {
    const { stderr = '', killed } = error as { stderr?: string; killed?: boolean }
    const said = killed
      ? `it takes longer than ${patienceMs / 1000} s to load`
      : (stderr.split('\n').find(line => /^\S*Error|^it has/.test(line)) ?? stderr.split('\n')[0]) ||
        'it ends the process'
    return [{ level: 'failed' as const, text: `${file}: ${said}`, fix: `${process.execPath} ${file}` }]
  }
}

/** What is applied and no worker that is up can run. */
export const handlers: Check<Connected> = {
  name: 'handlers',
  async find({ context, config }) {
    const { sql, namespace } = context
    const [needed, sessions, here] = await Promise.all([
      neededHandlers(sql, { namespace }),
      listSessions(sql, { namespace }),
      listHandlers(config.handlersDir),
    ])
    if (sessions.length === 0) return []
    const missing = needed.filter(({ handler }) => !sessions.some(session => session.handlers.includes(handler)))
    if (missing.length === 0) return [{ level: 'ok', text: `all ${needed.length} that are needed are announced` }]
    return missing.slice(0, 10).map(({ handler, kind, name }) => ({
      level: 'warning' as const,
      text: `${kind}/${name} needs the handler "${handler}", which no live worker announces`,
      fix: here?.includes(handler)
        ? `it is in ${config.handlersDir}, so start a worker that sees it: tq worker --handlers ${config.handlersDir}`
        : `write ${join(config.handlersDir, `${handler}.ts`)}, then: tq worker`,
    }))
  },
}
