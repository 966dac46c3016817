type Part = {
  description?: string
  type?: string | string[]
  enum?: string[]
  const?: unknown
  default?: unknown
  $ref?: string
  required?: string[]
  properties?: Record<string, Part>
  items?: Part
  additionalProperties?: boolean | Part
}
type Condition = { if: { properties: { kind: { const: string } } }; then: { properties: { spec: Part } } }
type Schema = Part & { $defs: Record<string, Part>; allOf: Condition[] }
/** Names of helpers with what they take and give. */
export type Helpers = Record<string, { args: string[]; min: number; max: number; gives: string }>

/** The page about manifests: an introduction, every field of every kind as the schema has it, and the helpers of expressions. */
export const manifestPage = (schema: Schema, helpers: Helpers, intro: string): string => {
  const named = (part: Part): string | undefined => part.$ref?.replace('#/$defs/', '')
  const resolved = (part: Part): Part => ({ ...(part.$ref ? schema.$defs[named(part)!] : {}), ...part })
  const shown = ['metadata', 'step', 'forEach', 'retry', 'handler', 'need']

  const typeOf = (part: Part): string => {
    const whole = resolved(part)
    const link = named(part)
    if (link && shown.includes(link)) return `[${link}](#${link.toLowerCase()})`
    if (whole.const !== undefined) return `\`${whole.const}\``
    if (whole.enum) return whole.enum.map(value => `\`${value}\``).join(', ')
    if (link === 'duration' || link === 'rate' || link === 'time') return link
    if (whole.items && [whole.type].flat().includes('array')) {
      const rest = [whole.type].flat().filter(type => type !== 'array')
      return [...rest, `list of ${typeOf(whole.items)}`].join(' or ')
    }
    return [whole.type ?? 'any'].flat().join(' or ')
  }
  const rows = (part: Part, before = ''): string[] =>
    Object.entries(resolved(part).properties ?? {}).flatMap(([name, field]) => {
      const whole = resolved(field)
      const must = (resolved(part).required ?? []).includes(name) ? ', required' : ''
      const text = (whole.description ?? '').replaceAll('|', '\\|')
      const row = `| \`${before}${name}\` | ${typeOf(field)}${must} | ${text} |`
      const link = named(field)
      const inside = whole.properties && !(link && shown.includes(link)) ? rows(field, `${before}${name}.`) : []
      return [row, ...inside]
    })
  const table = (part: Part): string[] => ['| | | |', '|---|---|---|', ...rows(part)]
  const section = (level: string, title: string, part: Part): string[] => {
    const { description = '' } = resolved(part)
    return [`${level} ${title}`, '', ...(description ? [description, ''] : []), ...table(part), '']
  }
  const argumentsOf = ({ args, min, max }: Helpers[string]): string =>
    max > 5
      ? `${args.join(', ')} …, ${min} at least`
      : Array.from({ length: max }, (_, i) => args[Math.min(i, args.length - 1)]!)
          .map((one, i) => (i < min ? one : `[${one}]`))
          .join(', ')
  const lines = [
    '<!-- Generated from schemas/manifest.json and schemas/manifest.intro.md: npm run generate -->',
    '',
    intro.trim(),
    '',
    '## Kinds',
    '',
    ...schema.allOf.flatMap(({ if: { properties }, then }) =>
      section('###', properties.kind.const, then.properties.spec),
    ),
    '## Parts',
    '',
    ...shown.flatMap(name => section('###', name, { $ref: `#/$defs/${name}` })),
    '## Helpers',
    '',
    'What expressions may call: `{{ helper argument (helper argument) }}`.',
    '',
    '| helper | takes | gives |',
    '|---|---|---|',
    ...Object.entries(helpers)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, helper]) => `| \`${name}\` | ${argumentsOf(helper)} | ${helper.gives} |`),
    '',
    "`{{ secret 'mail/token' }}` is the text of a secret, in the `with` of a task alone: [L7](semantics.md).",
  ]
  return `${lines.join('\n').trimEnd()}\n`
}
