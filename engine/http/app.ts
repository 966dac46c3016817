import { Hono } from 'hono'
import { TqError } from '../model/errors.ts'
import { answerLive, answerReady } from './health.ts'
import { hooksPrefix } from '../model/hook.ts'
import { answerHook } from './hook.ts'
import { answerMetrics } from './metrics.ts'
import { problem, problemOf } from './problem.ts'
import { answerRun } from './run.ts'
import type { Serving } from './serving.ts'

/** What is served where. A route more is a line here. */
export const httpApp = (serving: Serving): Hono => {
  const { context, log, stopping } = serving
  const app = new Hono()
  app.use(async (c, next) => {
    // A request on a connection that was kept open, after the stop: not accepted, and so to be sent again.
    const late = stopping.aborted && c.req.path.startsWith(hooksPrefix)
    if (late) c.res = problem(new TqError('STOPPING', 'the server stops; send it again, to another'))
    else await next()
    if (stopping.aborted) c.header('connection', 'close')
  })
  app.all(`${hooksPrefix}/*`, c => answerHook(serving, c.req.raw))
  app.get('/api/v1/runs/:id', c => answerRun(context, c.req.param('id')))
  app.get('/livez', () => answerLive())
  app.get('/readyz', c => answerReady(serving, c.req.queries('verbose') !== undefined))
  app.get('/metrics', () => answerMetrics(serving))
  app.notFound(c => problem(new TqError('NOT_FOUND', `nothing is served at ${c.req.path}`)))
  app.onError(error => problemOf(error, log))
  return app
}
