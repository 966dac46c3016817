import { readFileSync, writeFileSync } from 'node:fs'
import { compile } from 'json-schema-to-typescript'

/**
 * Writes `manifest.types.ts` from `manifest.json`. Run it after every change of the schema:
 * `node schemas/generate.ts`.
 */
const here = (name: string): URL => new URL(name, import.meta.url)

const schema = JSON.parse(readFileSync(here('manifest.json'), 'utf8'))
const types = await compile(schema, 'Manifest', {
  bannerComment: '/** Generated from manifest.json by generate.ts; do not edit. */',
  style: { semi: false, singleQuote: true, printWidth: 120 },
  unreachableDefinitions: true,
})
writeFileSync(here('manifest.types.ts'), types)
