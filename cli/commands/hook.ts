import { readFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import {
  type Config,
  type Context,
  hookNamed,
  hooksPrefix,
  listRejections,
  type NamedHook,
  oneOf,
  openSecrets,
  readClock,
  schemes,
  sign,
  TqError,
  variableOf,
} from '../../engine/client.ts'
import { connected } from '../connect.ts'
import type { Io } from '../io.ts'
import { ago, print } from '../output.ts'
import type { Action, Options } from '../command.ts'
import { countOf } from './run.ts'

const hook: Action = (io, options, action, name) => {
  const act = actions[String(action)]
  if (!act) {
    throw new TqError('USAGE', `"${action}" is nothing to do with a hook${oneOf(String(action), Object.keys(actions))}`)
  }
  return connected(io, (context, config) => act({ io, context, config, options }, name as string | undefined))
}
export default hook

type Call = { io: Io; context: Context; config: Config; options: Options }

const actions: Record<string, (call: Call, name: string | undefined) => Promise<number>> = {
  async url({ io, context, config, options }, name) {
    const hook = await named(context, name)
    const url = urlOf(config, hook)
    print(io, options.output, { data: { url }, names: [url], table: { header: [], rows: [[url]] } })
    return 0
  },

  async sign(call, name) {
    const { io, context, options } = call
    const hook = await named(context, name)
    const headers = { 'content-type': 'application/json', ...(await headersOf(call, hook, await bodyOf(options))) }
    const rows = Object.entries(headers).map(([header, value]) => `${header}: ${value}`)
    print(io, options.output, { data: headers, names: rows, table: { header: [], rows: rows.map(row => [row]) } })
    return 0
  },

  async send(call, name) {
    const { io, context, config, options } = call
    const hook = await named(context, name)
    const body = await bodyOf(options)
    const headers = { 'content-type': 'application/json', ...(await headersOf(call, hook, body)) }
    const url = urlOf(config, hook)
    const { method } = hook
    const response = await fetch(url, { method, headers, ...(method === 'GET' ? {} : { body }) }).catch(error => {
      throw new TqError(
        'NO_REPLY',
        `nothing answers at ${url}; start \`tq server\` or \`tq dev\`, or set TQ_SERVER_URL`,
        {
          cause: error,
        },
      )
    })
    const text = await response.text()
    io.err(`${response.status} ${response.statusText}${shownHeaders(response)}`)
    print(io, options.output, {
      data: { status: response.status, location: response.headers.get('location'), body: parsed(text) },
      names: [String(response.status)],
      table: { header: [], rows: text ? [[text]] : [] },
    })
    return response.ok ? 0 : 1
  },

  async rotate({ io, context, options }, name) {
    const { name: hook, verify } = await named(context, name)
    if (!verify) throw new TqError('USAGE', `hook "${hook}" verifies nothing, so it has no secret`)
    const { generate, advice } = schemes[verify.scheme]!.rotate
    const [current] = verify.secrets as [string]
    const secret = generate?.() ?? null
    const old = `${current}-old`
    const steps = [
      `Keep the secret of now as ${old}: ${variableOf(old)}, or the file ${old}.`,
      `Let the hook accept both: verify: { scheme: ${verify.scheme}, secret: [${current}, ${old}] }, and apply it.`,
      secret === null
        ? `${advice} Set what it gives you as ${current}: ${variableOf(current)}, or the file ${current}.`
        : `Set the new secret as ${current}: ${variableOf(current)}, or the file ${current}. ${advice}`,
      `When deliveries come with the new one, leave ${old} out again.`,
    ]
    print(io, options.output, {
      data: { hook, scheme: verify.scheme, secret, name: current, variable: variableOf(current), steps },
      names: secret === null ? [] : [secret],
      table: { header: [], rows: secret === null ? [] : [[secret]] },
    })
    if (!options.output || options.output === 'table')
      for (const [i, step] of steps.entries()) io.err(`${i + 1}. ${step}`)
    return 0
  },

  async rejections({ io, context, options }, name) {
    if (name !== undefined) await hookNamed(context, name)
    const limit = options.limit === undefined ? 20 : countOf('--limit', options.limit)
    const { namespace, sql } = context
    const rows = await listRejections(sql, { namespace, limit, ...(name === undefined ? {} : { hook: name }) })
    print(io, options.output, {
      data: rows,
      names: rows.map(({ hook, reason }) => `${hook || '-'}/${reason}`),
      table: {
        header: ['HOOK', 'REASON', 'REQUESTS', 'LAST', 'PATH', 'DETAIL'],
        rows: rows.map(row => [
          row.hook || '—',
          row.reason,
          String(row.requests),
          ago(row.last_at),
          `${hooksPrefix}${row.path}`,
          row.detail ?? '',
        ]),
      },
    })
    if (rows.length === 0) io.err('nothing was rejected in the last 7 days')
    return 0
  },
}

const named = (context: Context, name: string | undefined): Promise<NamedHook> => {
  if (name === undefined) throw new TqError('USAGE', 'which hook? Write its name; `tq get hooks` lists them')
  return hookNamed(context, name)
}

const urlOf = ({ serverUrl, host, port }: Config, { path }: NamedHook): string =>
  `${serverUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`}${hooksPrefix}${path}`

const bodyOf = async ({ data, file }: Options): Promise<Uint8Array<ArrayBuffer>> => {
  if (data !== undefined && file !== undefined) throw new TqError('USAGE', 'the body is --data or --file, not both')
  if (typeof file !== 'string') return new TextEncoder().encode(typeof data === 'string' ? data : '{}')
  const found = await (file === '-' ? buffer(process.stdin) : readFile(file)).catch(error => {
    throw new TqError('USAGE', `--file: ${(error as Error).message}`)
  })
  return new Uint8Array(found)
}

/** What a sender would put beside this body; of a hook that verifies nothing, the id alone. */
const headersOf = async (
  { context, config, options }: Call,
  { name, verify }: NamedHook,
  body: Uint8Array,
): Promise<Record<string, string>> => {
  const id = typeof options.id === 'string' ? options.id : randomUUID()
  if (!verify) return { 'idempotency-key': id }
  const secrets = openSecrets(config.secrets)
  for (const one of verify.secrets) {
    const secret = await secrets.read(one)
    if (secret !== null)
      return sign(schemes[verify.scheme]!, body, { ...verify, secret, id, now: await readClock(context.sql) })
  }
  const [first] = verify.secrets as [string]
  throw new TqError(
    'INVALID_CONFIG',
    `the secret of hook "${name}" is not here; set ${variableOf(first)}, or write the file ${first} in TQ_SECRETS_DIR (default .tq/secrets)`,
  )
}

const shownHeaders = (response: Response): string =>
  ['location', 'retry-after']
    .flatMap(name => (response.headers.get(name) ? [`  ${name}: ${response.headers.get(name)}`] : []))
    .join('')

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text || null
  }
}
