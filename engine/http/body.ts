import { TqError } from '../model/errors.ts'
import type { Json, JsonObject } from '../model/json.ts'

/** The raw bytes of a request. What is longer is not read to its end. @throws TOO_LARGE */
export const readBytes = async (request: Request, maxBytes: number): Promise<Uint8Array> => {
  const said = Number(request.headers.get('content-length') ?? Number.NaN)
  if (said > maxBytes) throw tooLarge(maxBytes)
  if (!Number.isNaN(said)) return new Uint8Array(await request.arrayBuffer())
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const tooLarge = (maxBytes: number): TqError => new TqError('TOO_LARGE', `a body may have at most ${maxBytes} bytes`)

/** Deeper than this no body is: what walks through values later has a stack that ends. */
const maxDepth = 64

/**
 * What a body says: JSON, or the fields of a form (several of one name are a list). Nothing is null.
 *
 * @throws UNSUPPORTED_MEDIA_TYPE, INVALID_BODY
 */
export const parseBody = (bytes: Uint8Array, contentType: string | undefined): Json => {
  if (bytes.length === 0) return null
  const type = typeOf(contentType)
  if (type === 'application/json' || /^application\/[\w.-]+\+json$/.test(type)) return parseJson(textOf(bytes))
  if (isForm(contentType)) return fieldsOf(new URLSearchParams(textOf(bytes)))
  throw new TqError(
    'UNSUPPORTED_MEDIA_TYPE',
    `${type ? `content type ${type}` : 'a body without a content type'} is not understood; send application/json or application/x-www-form-urlencoded`,
  )
}

const typeOf = (contentType: string | undefined): string => (contentType ?? '').split(';')[0]!.trim().toLowerCase()

/** Whether it is read as a form, which is what curl says where nothing else is said. */
export const isForm = (contentType: string | undefined): boolean =>
  typeOf(contentType) === 'application/x-www-form-urlencoded'

/** Names with their values; a list where a name has several. */
export const fieldsOf = (fields: URLSearchParams): JsonObject => {
  const found = new Map<string, string[]>()
  for (const [name, value] of fields) {
    const before = found.get(name)
    if (before) before.push(value)
    else found.set(name, [value])
  }
  return Object.fromEntries([...found].map(([name, values]) => [name, values.length === 1 ? values[0]! : values]))
}

const textOf = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new TqError('INVALID_BODY', 'the body is not UTF-8', { cause: error })
  }
}

const parseJson = (text: string): Json => {
  if (depthOf(text) > maxDepth)
    throw new TqError('INVALID_BODY', `the body is nested deeper than ${maxDepth} lists and objects`)
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    throw new TqError('INVALID_BODY', 'the body is not JSON', { cause: error })
  }
}

/** How deep JSON is nested, by its brackets outside of texts; in one pass, whatever the text. */
const depthOf = (text: string): number => {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (quoted) {
      if (char === '\\') i++
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth)
    else if (char === ']' || char === '}') depth--
  }
  return deepest
}
