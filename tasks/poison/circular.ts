/** Returns what contains itself. */
export default () => {
  const order: { customer: { orders: unknown[] } } = { customer: { orders: [] } }
  order.customer.orders.push(order)
  return order
}
