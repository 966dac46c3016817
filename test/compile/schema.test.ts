import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { diagnosticCodes } from '../../engine/compile/text/diagnostic.ts'
import schema from '../../schemas/manifest.json' with { type: 'json' }

type Part = { [key: string]: unknown }

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null

/** Properties of all parts of the schema that lack a description, as paths. */
const undescribed = (part: Part, path: string): string[] =>
  Object.entries(part).flatMap(([key, value]) => {
    if (!isPart(value)) return []
    const lacking =
      key === 'properties' && !path.includes('/if')
        ? Object.entries(value).filter(
            ([, property]) => isPart(property) && !described(property) && !path.includes('/then'),
          )
        : []
    return [...lacking.map(([name]) => `${path}/${name}`), ...undescribed(value, `${path}/${key}`)]
  })

/** A description of its own, or of what it refers to. */
const described = (property: Part): boolean => {
  if (typeof property.description === 'string') return true
  const name = String(property.$ref ?? '')
    .split('/')
    .at(-1)!
  return name in schema.$defs && 'description' in schema.$defs[name as keyof typeof schema.$defs]
}

test('every property of the schema is described', t => {
  t.deepEqual(undescribed(schema as Part, ''), [])
})

test('every code of a diagnostic has its paragraph', t => {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  for (const code of diagnosticCodes) t.regex(text, new RegExp(`^### ${code}\\n\\S`, 'm'))
})

test('every code has its example, but those of large files and of what is only warned of', t => {
  const folder = new URL('../../manifests/invalid/', import.meta.url)
  const without = ['TOO_LARGE', 'TOO_MANY_ALIASES', 'UNUSED_VALUE', 'UNVERIFIED_HOOK']
  const shown = new Set(diagnosticCodes.filter(code => without.includes(code)) as string[])
  for (const file of textsIn(folder)) shown.add(file.split(' ')[1]!)
  t.deepEqual(
    diagnosticCodes.filter(code => !shown.has(code)),
    [],
  )
})

const textsIn = (folder: URL): string[] => readdirSync(folder).map(file => readFileSync(new URL(file, folder), 'utf8'))
