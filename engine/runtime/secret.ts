import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isObject, type Json } from '../model/json.ts'
import { secretName, variableOf } from '../model/secret.ts'

/** Where secrets are: in the environment, by variable, and below a folder, a file each. */
export type SecretSources = { env: { [variable: string]: string }; dir: string | null }

export type Secrets = {
  /** The secret of this name, or null. What is read of a file is kept for a second. */
  read(name: string): Promise<string | null>
  /** A text in which what was ever read here is replaced by its name: `[secret stripe/webhook]`. */
  hide(text: string): string
  /** The same for all texts of a value, and for its keys. */
  hideIn<T extends Json>(value: T): T
}

/** How long what a file said is taken as true, ms: a rotated secret is known that much later. */
const keptMs = 1000

/**
 * Secrets by the names that manifests use for them: `stripe/webhook` is the variable `TQ_SECRET_STRIPE__WEBHOOK`, else the file
 * `stripe/webhook` of the folder, as Kubernetes mounts a secret `stripe` with a key `webhook`, else its file `stripe.webhook`, as Docker has them
 * flat. A line's end at the end of a file is not of the secret.
 */
export const openSecrets = ({ env, dir }: SecretSources): Secrets => {
  const kept = new Map<string, { at: number; text: Promise<string | null> }>()
  const fromFile = (name: string, folder: string): Promise<string | null> => {
    const known = kept.get(name)
    const now = performance.now()
    if (known && now - known.at < keptMs) return known.text
    const text = readFirst([join(folder, name), join(folder, name.replaceAll('/', '.'))])
    kept.set(name, { at: now, text })
    return text
  }
  const hiding = openHiding()
  return {
    async read(name) {
      if (!secretName.test(name)) return null
      const text = env[variableOf(name)] || (dir === null ? null : await fromFile(name, dir))
      if (text !== null) hiding.add(name, text)
      return text
    },
    hide: hiding.hide,
    hideIn: value => hiding.hideIn(value) as typeof value,
  }
}

/** A line of a secret of several lines is hidden by itself from so many characters on: logs come by the line. */
const lineLength = 8

/** As it is, within a text that is JSON itself, in a URL, and as `Authorization: Basic` and the like have it. */
const written = (text: string): string[] => [
  text,
  JSON.stringify(text).slice(1, -1),
  encodeURIComponent(text.toWellFormed()),
  Buffer.from(text).toString('base64'),
]

const openHiding = () => {
  const names = new Map<string, string>()
  let pattern: RegExp | null = null
  const hide = (text: string): string =>
    pattern === null ? text : text.replace(pattern, found => `[secret ${names.get(found)}]`)
  const hideIn = (value: Json): Json => {
    if (pattern === null) return value
    if (typeof value === 'string') return hide(value)
    if (Array.isArray(value)) return value.map(hideIn)
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [hide(key), hideIn(inner)]))
  }
  return {
    add(name: string, text: string) {
      if (names.has(text)) return
      const lines = text.split(/\r?\n/).filter(line => line.length >= lineLength)
      for (const form of [text, ...lines].flatMap(written)) names.set(form, name)
      const longestFirst = [...names.keys()].sort((a, b) => b.length - a.length)
      pattern = new RegExp(longestFirst.map(form => RegExp.escape(form)).join('|'), 'g')
    },
    hide,
    hideIn,
  }
}

const readFirst = async (paths: string[]): Promise<string | null> => {
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => null)
    const secret = text?.replace(/\r?\n$/, '')
    if (secret) return secret
  }
  return null
}
