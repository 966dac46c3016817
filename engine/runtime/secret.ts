import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where secrets are: in the environment, by variable, and below a folder, a file each. */
export type SecretSources = { env: { [variable: string]: string }; dir: string | null }

export type Secrets = {
  /** The secret of this name, or null. What is read of a file is kept for a second. */
  read(name: string): Promise<string | null>
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
  return {
    async read(name) {
      if (!secretName.test(name)) return null
      return env[variableOf(name)] || (dir === null ? null : fromFile(name, dir))
    },
  }
}

/** `stripe/webhook`: words of letters, digits and single hyphens, joined by `/`. */
export const secretName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*(\/[a-z][a-z0-9]*(-[a-z0-9]+)*)*$/

/** `TQ_SECRET_STRIPE__WEBHOOK` of `stripe/webhook`. */
export const variableOf = (name: string): string =>
  `TQ_SECRET_${name.replaceAll('/', '__').replaceAll('-', '_').toUpperCase()}`

const readFirst = async (paths: string[]): Promise<string | null> => {
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => null)
    const secret = text?.replace(/\r?\n$/, '')
    if (secret) return secret
  }
  return null
}
