import { alsoBoth, alsoClaimed, toSay } from '../model/event.ts'
import { maxToldValue, tellFacts } from '../store/event.ts'
import type { Context } from './context.ts'
import type { InFlight } from './task.ts'

/** A job that was claimed so long ago is told of by itself; those that are through before are told of with their end. */
const lateMs = 100

export type Teller = {
  /** Jobs were taken: those that are not through soon are to be told of. */
  watch(): void
  /** Resolves when what is being told is told: what happens next to those jobs comes after it. Null: nothing is being told. */
  pending(): Promise<void> | null
  stop(): void
}

/** Tells what no settling statement tells in time: that long jobs have started. */
export const openTeller = (
  context: Context,
  session: () => number | null,
  inFlight: { all(): Iterable<InFlight>; started(key: number): boolean },
): Teller => {
  let telling: Promise<void> | null = null

  const tell = async () => {
    const namespace = context.events()
    const holder = session()
    if (telling || namespace === null || holder === null) return
    const now = performance.now()
    const late = [...inFlight.all()].flatMap(one => {
      const news = one.untold & (inFlight.started(one.key) ? alsoBoth : alsoClaimed)
      return news && now - one.since > lateMs ? [{ one, news }] : []
    })
    if (late.length === 0) return
    for (const { one, news } of late) one.untold -= news
    const facts = late.map(({ one: { job, input }, news }) => ({
      what: toSay(news),
      run: job.run,
      n: job.n,
      node: job.node,
      item: job.item,
      tries: job.failures + job.lost + 1,
      ...(input.length <= maxToldValue ? { input } : {}),
    }))
    telling = tellFacts(context.sql, { namespace, session: holder, facts })
      .then(() => {})
      .catch(() => {
        for (const { one, news } of late) one.untold += news
      })
      .finally(() => (telling = null))
    await telling
  }
  /** Only while there are jobs: a timer that fires ten times a second costs an idle worker more than anything else here. */
  let timer: NodeJS.Timeout | null = null
  const watch = () => {
    timer ??= setTimeout(() => {
      timer = null
      void tell()
      if (!inFlight.all()[Symbol.iterator]().next().done) watch()
    }, lateMs).unref()
  }
  return {
    watch,
    pending: () => telling,
    stop: () => void (timer && clearTimeout(timer)),
  }
}
