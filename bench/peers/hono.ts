import { createHmac, timingSafeEqual } from 'node:crypto'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

/** The least that a receiver of signed deliveries does: the raw bytes, their HMAC, JSON, 202. Nothing is kept. */
const secret = process.argv[2]!
const app = new Hono()
app.post('/hooks/bench', async c => {
  const bytes = Buffer.from(await c.req.arrayBuffer())
  const signature = Buffer.from((c.req.header('x-hub-signature-256') ?? '').slice(7), 'hex')
  const expected = createHmac('sha256', secret).update(bytes).digest()
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return c.body(null, 401)
  return c.json({ keys: Object.keys(JSON.parse(bytes.toString('utf8'))).length }, 202)
})
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  console.error(JSON.stringify({ url: `http://127.0.0.1:${port}` })),
)
// As long as tq's.
Object.assign(server, { keepAliveTimeout: 65_000 })
