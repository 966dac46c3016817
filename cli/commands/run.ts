import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import {
  type Context,
  type Json,
  type JsonObject,
  oneOf,
  printId,
  readManifest,
  shortId,
  start,
  TqError,
} from '../../engine/client.ts'
import { connected } from '../connect.ts'
import { labelsOf, timeoutOf } from '../options.ts'
import { tellStuck } from '../stuck.ts'
import { finishWatching, printResult } from '../watching.ts'
import type { Action, Options } from '../command.ts'

const run: Action = (io, options, name) =>
  connected(io, async context => {
    const asked = /^(?:([^/]*)\/)?(.+)$/.exec(String(name))!
    const kind = kindOf(asked[1])
    const input = await readInput(options, await declaredInputs(context, asked[2]!, kind))
    const limit = timeoutOf(options)
    const { id, duplicate } = await start(context, {
      name: asked[2]!,
      ...(kind ? { kind } : {}),
      input,
      trigger: 'cli',
      ...(options.label ? { labels: labelsOf(options) } : {}),
      ...(typeof options.idempotencyKey === 'string' ? { idempotencyKey: options.idempotencyKey } : {}),
    })
    if (duplicate) io.err(`this idempotency key has started run ${shortId(id)} before`)
    if (options.watch || options.wait)
      return finishWatching(io, context, id, { ...limit, show: options.watch === true, format: options.output })
    await tellStuck(io, context, id)
    printResult(
      io,
      options.output,
      { id: printId(id), duplicate },
      printId(id),
      `run ${shortId(id)} started; see it: tq watch ${shortId(id)}`,
    )
    return 0
  })
export default run

const kinds = ['workflow', 'task'] as const

/** The word before the slash of `task/charge`. */
const kindOf = (word: string | undefined): (typeof kinds)[number] | undefined => {
  if (word === undefined) return undefined
  const kind = kinds.find(one => one === word)
  if (!kind) throw new TqError('USAGE', `"${word}" is nothing to run${oneOf(word, kinds)}`)
  return kind
}

/** A flag that counts. */
export const countOf = (flag: string, value: unknown): number => {
  if (!/^[1-9]\d{0,3}$/.test(String(value)))
    throw new TqError('USAGE', `${flag} ${value}: write a number from 1 to 9999`)
  return Number(value)
}

/** The schemas of the inputs of what is to be run; none where nothing is called so. */
export const declaredInputs = async (
  { sql, namespace }: Context,
  name: string,
  kind: (typeof kinds)[number] | undefined,
): Promise<JsonObject> => {
  const found =
    (kind !== 'task' && (await readManifest(sql, { namespace, kind: 'workflow', name }))) ||
    (kind !== 'workflow' && (await readManifest(sql, { namespace, kind: 'task', name })))
  const { spec } = (found ? found.document : {}) as {
    spec?: { inputs?: JsonObject; inputSchema?: { properties?: JsonObject } }
  }
  return spec?.inputs ?? spec?.inputSchema?.properties ?? {}
}

/**
 * The inputs of a run: a file's, and over them those of `--input name=value`.
 *
 * @param declared JSON Schemas by name: what is declared as a text is taken as one
 */
export const readInput = async (options: Options, declared: JsonObject = {}): Promise<Json> => {
  let input: Json = null
  if (typeof options.inputFile === 'string') {
    const source =
      options.inputFile === '-'
        ? await text(process.stdin)
        : await readFile(options.inputFile, 'utf8').catch(error => {
            throw new TqError('USAGE', `--input-file: ${(error as Error).message}`)
          })
    try {
      const { parse } = await import('yaml')
      input = parse(source) as Json
    } catch (error) {
      throw new TqError('INVALID_INPUT', `${options.inputFile} is neither YAML nor JSON: ${(error as Error).message}`)
    }
  }
  const pairs = (options.input as string[] | undefined) ?? []
  if (pairs.length === 0) return input ?? {}
  const object: JsonObject = typeof input === 'object' && input !== null && !Array.isArray(input) ? { ...input } : {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at < 1) throw new TqError('USAGE', `--input ${pair}: write name=value`)
    const name = pair.slice(0, at)
    object[name] = scalar(pair.slice(at + 1), declared[name])
  }
  return object
}

/** JSON where it is JSON, else text: `n=3` is a number, `name=Ada` and `version="1.10"` are texts; so is `zip=10115` where that is declared as one. */
const scalar = (value: string, schema: Json | undefined): Json => {
  try {
    const parsed = JSON.parse(value) as Json
    const isText = typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'string'
    return isText && typeof parsed !== 'string' ? value : parsed
  } catch {
    return value
  }
}
