/**
 * A histogram that is fed with counts, as the database gives them: prom-client's own is fed one by one.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export type Durations = {
  /** Upper bounds of all buckets but the last, which has none; s. */
  bounds: number[]
  /** `bucket`: the position of the first bound above, as `width_bucket` gives it. */
  add(labels: { [name: string]: string }, counted: { bucket: number; runs: number; seconds: number }): void
  text(): string
}

const bounds = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 3600, 21_600, 86_400]

export const openDurations = (name: string, help: string): Durations => {
  const series = new Map<string, { counts: number[]; seconds: number }>()
  return {
    bounds,
    add(labels, { bucket, runs, seconds }) {
      const key = labelled(labels)
      const one = series.get(key) ?? { counts: bounds.map(() => 0).concat(0), seconds: 0 }
      one.counts[bucket]! += runs
      one.seconds += seconds
      series.set(key, one)
    },
    text() {
      const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`]
      for (const [labels, { counts, seconds }] of series) {
        let sum = 0
        for (const [i, count] of counts.entries()) {
          sum += count
          lines.push(`${name}_bucket{${labels},le="${bounds[i] ?? '+Inf'}"} ${sum}`)
        }
        lines.push(`${name}_sum{${labels}} ${seconds}`, `${name}_count{${labels}} ${sum}`)
      }
      return `${lines.join('\n')}\n`
    },
  }
}

const labelled = (labels: { [name: string]: string }): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replaceAll(/[\\"\n]/g, char => (char === '\n' ? '\\n' : `\\${char}`))}"`)
    .join(',')
