class OrderLost extends Error {}

export default async ({ own }: { own?: boolean }) => {
  if (own) throw new OrderLost('order 7 is gone')
  throw new RangeError('seven is too many', { cause: new Error('six was enough') })
}
