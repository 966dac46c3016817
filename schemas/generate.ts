import { readFileSync, writeFileSync } from 'node:fs'
import { compile } from 'json-schema-to-typescript'

/**
 * Writes `manifest.types.ts` from `manifest.json`: `npm run generate`, after every change of the schema. With `--check` it
 * writes nothing and fails where the file is not what it would write.
 */
const here = (name: string): URL => new URL(name, import.meta.url)

const schema = JSON.parse(readFileSync(here('manifest.json'), 'utf8'))
const types = await compile(schema, 'Manifest', {
  bannerComment: '/** Generated from manifest.json by generate.ts; do not edit. */',
  style: { semi: false, singleQuote: true, printWidth: 120 },
  unreachableDefinitions: true,
})
const target = here('manifest.types.ts')
if (!process.argv.includes('--check')) writeFileSync(target, types)
else if (readFileSync(target, 'utf8') !== types) {
  console.error('schemas/manifest.types.ts is stale; run `npm run generate`')
  process.exitCode = 1
}
