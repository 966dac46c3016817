import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { TqError } from '../model/errors.ts'
import type { Context } from '../runtime/context.ts'
import { openEndings } from '../runtime/hook/endings.ts'
import { openHooks } from '../runtime/hook/hooks.ts'
import { openRejections } from '../runtime/hook/rejections.ts'
import { openSecrets, type SecretSources } from '../runtime/secret.ts'
import { httpApp } from './app.ts'
import { openMetrics } from './metrics.ts'

export type HttpOptions = {
  /** 0: any that is free. */
  port: number
  host: string
  /** A port that is taken is replaced by one that is free. */
  otherPort?: boolean
  maxBodyBytes: number
  secrets: SecretSources
  onReady?(at: { url: string; port: number }): void
}

/** How long a client may take to send a request, and how long one that was accepted may take after the stop, ms. */
const requestMs = 30_000
/** Longer than proxies keep a connection that carries nothing, so that it is they who end it: none sends into one that is ending. */
const keepAliveMs = 65_000
const stopMs = 10_000

/**
 * Serves hooks, the state of runs, health and metrics over HTTP, until the signal aborts. Then it takes no connection and no delivery
 * more, answers those it has taken, and returns.
 */
export const http = async (context: Context, options: HttpOptions, signal: AbortSignal): Promise<void> => {
  const background = new AbortController()
  const hooks = await openHooks(context)
  const rejections = openRejections(context)
  const app = httpApp({
    context,
    log: context.log,
    hooks,
    rejections,
    secrets: openSecrets(options.secrets),
    endings: openEndings(context),
    metrics: await openMetrics(context),
    maxBodyBytes: options.maxBodyBytes,
    stopping: signal,
  })
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  server.requestTimeout = requestMs
  server.headersTimeout = requestMs / 2
  server.keepAliveTimeout = keepAliveMs
  const port = await listen(server, options)
  const services = [hooks.serve(background.signal), rejections.serve(background.signal)]
  options.onReady?.({ port, url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}` })
  await aborted(signal)
  await close(server)
  background.abort()
  await Promise.all(services)
}

const listen = async (server: Server, { port, host, otherPort }: HttpOptions): Promise<number> => {
  const at = (wanted: number) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject)
      server.listen(wanted, host, () => {
        server.off('error', reject)
        const address = server.address()
        resolve(typeof address === 'object' && address ? address.port : wanted)
      })
    })
  try {
    return await at(port)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE' && otherPort) return at(0)
    throw new TqError(
      'INVALID_CONFIG',
      `${host}:${port} cannot be served: ${message}; give another with --port and --host, or TQ_PORT and TQ_HOST`,
      { cause: error },
    )
  }
}

/** Connections that carry no request are ended at once, again and again: one may become idle at any time. */
const close = async (server: Server): Promise<void> => {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  const over = new AbortController()
  const until = performance.now() + stopMs
  const idle = async () => {
    while (!over.signal.aborted) {
      if (performance.now() > until) server.closeAllConnections()
      else server.closeIdleConnections()
      await sleep(20, undefined, { signal: over.signal }).catch(() => {})
    }
  }
  const idling = idle()
  await closed
  over.abort()
  await idling
}

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
