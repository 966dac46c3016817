import { fanout } from './fanout.ts'
import type { Bench } from './support/engine.ts'
import type { Report } from './support/measure.ts'

export type Workload = (bench: Bench, options: { runs: number; size?: number }) => Promise<Report>

/** The workloads by name; what each measures stands above its function. */
export const workloads: Record<string, Workload> = {
  fanout: (bench, { runs, size = 100_000 }) => fanout(bench, { runs, size }),
}
