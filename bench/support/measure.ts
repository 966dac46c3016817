import { cpus, totalmem } from 'node:os'

/** One figure of a workload: what was measured, over how many runs. */
export type Row = {
  what: string
  unit: string
  median: number
  min: number
  max: number
  runs: number
  size?: number
  mode?: string
  note?: string
}
export type Report = { name: string; machine: string; rows: Row[]; checks?: Record<string, unknown> }

export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GiB, node ${process.version}`

export const summarise = (values: number[]): { median: number; min: number; max: number; runs: number } => {
  const sorted = values.toSorted((a, b) => a - b)
  const digits = (value: number) => Number(value.toPrecision(5))
  return {
    median: digits(sorted[sorted.length >> 1]!),
    min: digits(sorted[0]!),
    max: digits(sorted.at(-1)!),
    runs: sorted.length,
  }
}

/**
 * Runs contestants in turns, A B C A B C …, so that drift of the machine's speed hits all of them, and sums up what each gave.
 */
export const inTurns = async (
  runs: number,
  contestants: { row: Omit<Row, 'median' | 'min' | 'max' | 'runs'>; run: () => Promise<number> }[],
): Promise<Row[]> => {
  const values = contestants.map(() => [] as number[])
  for (let i = 0; i < runs; i++)
    for (const [c, contestant] of contestants.entries()) values[c]!.push(await contestant.run())
  return contestants.map(({ row }, c) => ({ ...row, ...summarise(values[c]!) }))
}

/** `0.87 of limit`: the ratio of two rows' medians, for rates. */
export const ratio = (rows: Row[], a: string, b: string, pick: (row: Row) => boolean = () => true): number | null => {
  const [x, y] = [a, b].map(what => rows.find(row => row.what === what && pick(row))?.median)
  return x && y ? Number((x / y).toPrecision(3)) : null
}
