import { readFileSync, writeFileSync } from 'node:fs'
import { compile } from 'json-schema-to-typescript'
import { helpers, lazyHelpers } from '../engine/model/helpers/index.ts'
import { eventsPage } from './events.page.ts'
import { manifestPage } from './manifest.page.ts'

/**
 * Writes what is made of the schemas: `npm run generate`, after every change of one. With `--check` it writes nothing and fails
 * where a file is not what it would write.
 */
const here = (name: string): URL => new URL(name, import.meta.url)
const read = (name: string) => JSON.parse(readFileSync(here(name), 'utf8'))

const types = await compile(read('manifest.json'), 'Manifest', {
  bannerComment: '/** Generated from manifest.json by generate.ts; do not edit. */',
  style: { semi: false, singleQuote: true, printWidth: 120 },
  unreachableDefinitions: true,
})
const generated: [string, string][] = [
  ['manifest.types.ts', types],
  [
    '../docs/manifests.md',
    manifestPage(
      read('manifest.json'),
      { ...lazyHelpers, ...helpers },
      readFileSync(here('manifest.intro.md'), 'utf8'),
    ),
  ],
  ['../docs/events.md', eventsPage(read('events.json'), readFileSync(here('events.intro.md'), 'utf8'))],
]
for (const [name, text] of generated) {
  if (!process.argv.includes('--check')) writeFileSync(here(name), text)
  else if (readFileSync(here(name), 'utf8') !== text) {
    console.error(`schemas/${name} is stale; run \`npm run generate\``)
    process.exitCode = 1
  }
}
