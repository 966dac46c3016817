import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A TCP proxy on 127.0.0.1 that can fail in the ways a network does. */
export type TcpProxy = {
  port: number
  /** Forwards nothing more and closes nothing: to both ends the other one is silent. New connections are as silent. */
  freeze(): void
  /** Forwards what clients send, and holds back what they are answered. */
  mute(): void
  /** Forwards again, also what was held back. */
  thaw(): void
  /** Half-open: the connections there are stay silent and open for ever; new ones are forwarded. */
  strand(): void
  /** Ends all connections there are. */
  cut(): void
  /** New connections are refused; those there are stay. */
  refuse(): void
  /** New connections are taken again. */
  accept(): Promise<void>
}

/** @param target the port of 127.0.0.1 to forward to, asked for each connection */
export const openProxy = async (t: { teardown(end: () => unknown): void }, target: () => number): Promise<TcpProxy> => {
  const pairs = new Set<[Socket, Socket]>()
  const stranded = new Set<[Socket, Socket]>()
  let held: 'nothing' | 'answers' | 'all' = 'nothing'
  const forward = ([near, far]: [Socket, Socket]) => {
    for (const socket of [near, far]) socket.unpipe()
    if (held !== 'all') near.pipe(far)
    if (held === 'nothing') far.pipe(near)
  }
  const hold = (what: typeof held) => {
    held = what
    for (const pair of pairs) forward(pair)
  }
  const end = (pair: [Socket, Socket]) => {
    for (const socket of pair) socket.destroy()
    pairs.delete(pair)
  }
  const server = createServer(near => {
    const pair: [Socket, Socket] = [near, connect(target(), '127.0.0.1')]
    pairs.add(pair)
    for (const socket of pair)
      socket.on('error', () => {}).on('close', () => held === 'all' || stranded.has(pair) || end(pair))
    forward(pair)
  })
  const listen = async (port: number) => {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return (server.address() as AddressInfo).port
  }
  const cut = () => [...pairs].forEach(end)
  const port = await listen(0)
  t.teardown(() => {
    server.close()
    cut()
    for (const pair of stranded) end(pair)
  })
  return {
    port,
    freeze: () => hold('all'),
    mute: () => hold('answers'),
    thaw() {
      for (const pair of pairs) if (pair.some(socket => socket.destroyed)) end(pair)
      hold('nothing')
    },
    strand() {
      for (const pair of pairs) {
        for (const socket of pair) socket.unpipe()
        stranded.add(pair)
      }
      pairs.clear()
    },
    cut,
    refuse: () => void server.close(),
    accept: async () => void (await listen(port)),
  }
}
