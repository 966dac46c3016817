import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** A value as YAML. The library is loaded only where somebody asks for that: it takes longer than most commands. */
export const yamlText = (value: unknown, options: { lineWidth?: number } = {}): string =>
  (require('yaml') as typeof import('yaml')).stringify(value, options).trimEnd()
