import { defineTask } from '../../engine/task.ts'
import type { Invoice } from './invoice.ts'

/** The sum of a month's invoices. A null stands for one that failed and was allowed to. */
export default defineTask<(Invoice | null)[], { invoices: number; missing: number; total: number }>(list => {
  const invoices = list.filter(each => each !== null)
  return {
    invoices: invoices.length,
    missing: list.length - invoices.length,
    total: invoices.reduce((sum, { total }) => sum + total, 0),
  }
})
