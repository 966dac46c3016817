type Field = { description?: string; type?: string | string[]; enum?: string[]; const?: unknown }
type Data = { description: string; 'x-celery'?: string; required?: string[]; properties: Record<string, Field> }
type Schema = { required: string[]; properties: Record<string, Field>; $defs: Record<string, Data> }

/** The page about events: an introduction, and the schema as tables. */
export const eventsPage = (schema: Schema, intro: string): string => {
  const types = Object.entries(schema.$defs)
  const lines = [
    '<!-- Generated from schemas/events.json and schemas/events.intro.md: npm run generate -->',
    '',
    intro.trim(),
    '',
    '## Attributes',
    '',
    ...table(schema.properties, schema.required),
    '',
    '## Types',
    '',
    '| type | | Celery |',
    '|---|---|---|',
    ...types.map(([type, data]) => `| \`${type}\` | ${data.description} | ${data['x-celery'] ?? '–'} |`),
    '',
    '## Data',
    '',
    ...types.flatMap(([type, data]) => [`### ${type}`, '', ...table(data.properties, data.required ?? []), '']),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

const table = (fields: Record<string, Field>, required: string[]): string[] => [
  '| | | |',
  '|---|---|---|',
  ...Object.entries(fields).map(
    ([name, field]) =>
      `| \`${name}\` | ${kind(field)}${required.includes(name) ? '' : ', if known'} | ${field.description ?? ''} |`,
  ),
]

const kind = (field: Field): string => {
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``
  if (field.enum)
    return field.enum.length > 6 ? 'one of those below' : field.enum.map(value => `\`${value}\``).join(', ')
  return [field.type ?? 'any'].flat().join(' or ')
}
