import { defineTask } from '../../engine/task.ts'

type Input = { order: string; amount: number; limit?: number; outages?: number }

/** The bank says no: trying again does not help. */
class CardDeclined extends Error {}
/** The bank does not answer: trying again may help. */
class BankUnavailable extends Error {}

/**
 * Pretends to charge a card. Amounts above `limit` are declined; the first `outages` attempts meet a bank that is down. A
 * real one gives the idempotency key to the bank, so that no attempt charges twice.
 */
export default defineTask<Input, { receipt: string }>(
  ({ order, amount, limit = 1000, outages = 0 }, { attempt, log }) => {
    if (attempt <= outages) throw new BankUnavailable(`no answer to attempt ${attempt}`)
    if (amount > limit) throw new CardDeclined(`${amount} is above the limit of ${limit}`)
    log(`charged ${amount}`, { order, attempt })
    return { receipt: `R-${order}` }
  },
)
