import { defineTask } from '../../engine/task.ts'

type Customer = { id: string; items: number[]; address?: string }
export type Invoice = { customer: string; total: number }

/** Nobody knows where to send it. */
class NoAddress extends Error {}

/** One customer's invoice. */
export default defineTask<Customer, Invoice>(({ id, items, address }) => {
  if (!address) throw new NoAddress(`customer ${id} has no address`)
  return { customer: id, total: items.reduce((sum, price) => sum + price, 0) }
})
