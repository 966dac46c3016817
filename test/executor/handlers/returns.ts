const circular: { list: unknown[] } = { list: [] }
circular.list.push(circular)

const values: Record<string, () => unknown> = {
  circular: () => circular,
  bigint: () => ({ rows: [{ size: 7n }] }),
  function: () => ({ done: () => {} }),
  symbol: () => Symbol('s'),
  nul: () => ({ items: ['ok', 'a\0b'] }),
  'nul key': () => ({ 'a\0b': 1 }),
  backslash: () => 'a\\u0000b',
  undefined: () => undefined,
  date: () => new Date(0),
  huge: () => 'x'.repeat(17_000_000),
  wide: () => 'é'.repeat(8_500_000),
  twice: () => {
    const shared = { a: 1 }
    return [shared, shared]
  },
}

export default async ({ what }: { what: string }) => values[what]!()
