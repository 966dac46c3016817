import { applyLarge } from './apply.ts'
import { beat, killedBeats } from './beat.ts'
import { chain } from './chain.ts'
import { chord } from './chord.ts'
import { cli } from './cli.ts'
import { brokers } from './brokers.ts'
import { hooks } from './hooks.ts'
import { latency } from './latency.ts'
import { million } from './million.ts'
import { runsOfOneTask } from './runs.ts'
import { fanout } from './fanout.ts'
import { watch } from './watch.ts'
import { validateFiles } from './validate.ts'
import type { Bench } from './support/engine.ts'
import type { Report } from './support/measure.ts'

export type Workload = (bench: Bench, options: { runs: number; size?: number }) => Promise<Report>

/** The workloads by name; what each measures stands above its function. */
export const workloads: Record<string, Workload> = {
  fanout: (bench, { runs, size = 100_000 }) => fanout(bench, { runs, size }),
  runs: (bench, { runs, size = 100_000 }) => runsOfOneTask(bench, { runs, size }),
  chain: (bench, { runs, size = 500 }) => chain(bench, { runs, size }),
  chord: (bench, { runs, size = 100_000 }) => chord(bench, { runs, size }),
  latency: (bench, { runs, size = 300 }) => latency(bench, { runs, size }),
  hooks: (bench, { runs, size = 10_000 }) => hooks(bench, { runs, size }),
  brokers: (bench, { runs, size = 50_000 }) => brokers(bench, { runs, size }),
  beat: (bench, { runs, size = 10_000 }) => beat(bench, { runs, size }),
  beats: (bench, { size = 200 }) => killedBeats(bench, { size }),
  validate: (_bench, { runs, size = 1000 }) => validateFiles({ runs, size }),
  apply: (bench, { runs, size = 20_000 }) => applyLarge(bench, { runs, size }),
  watch: (bench, { runs, size = 100_000 }) => watch(bench, { runs, size }),
  cli: (bench, { runs, size = 1_000_000 }) => cli(bench, { runs: Math.max(runs, 15), size }),
  million: (bench, { runs, size = 1_000_000 }) => million(bench, { runs, size }),
}
