import { TqError } from '../../model/errors.ts'
import { readManifest } from '../../store/manifest.ts'
import { logLevels, type LogLevel } from '../context.ts'
import type { Command, Subject } from './index.ts'

/** What `tq control` can tell a worker. Everything but the limits of queues is the worker's own, and ends with it. */
export const orders: Record<string, Command> = {
  'pool-grow': (subject, { by }) => resize(subject, subject.children.size() + Number(by)),

  'pool-shrink': (subject, { by }) => resize(subject, subject.children.size() - Number(by)),

  async autoscale(subject, { max, min }) {
    needsChildren(subject)
    if (max === undefined) subject.children.scale(null)
    else {
      const range = { max: Number(max), min: Number(min) }
      subject.children.scale(range)
      subject.children.resize(Math.min(range.max, Math.max(range.min, subject.children.size())))
      await subject.restate()
    }
    return { autoscale: subject.children.range(), children: subject.children.size() }
  },

  async 'time-limit'(subject, { task, limitMs }) {
    const name = String(task)
    const { sql, namespace } = subject.context
    if (!subject.options.handlers.includes(name) && !(await readManifest(sql, { namespace, kind: 'task', name })))
      throw new TqError('NOT_FOUND', `there is no Task and no handler "${name}"`)
    if (limitMs === null) subject.timeLimits.delete(name)
    else subject.timeLimits.set(name, Number(limitMs))
    return { task: name, limitMs: limitMs ?? null }
  },

  async 'add-queue'(subject, { queue }) {
    await subject.serving.add(String(queue))
    return served(subject)
  },

  async 'remove-queue'(subject, { queue }) {
    await subject.serving.remove(String(queue))
    return served(subject)
  },

  'log-level'(subject, { level }) {
    if (!logLevels.includes(level as LogLevel)) throw new TqError('USAGE', `"${level}" is no log level`)
    if (!subject.options.onLogLevel) throw new TqError('USAGE', 'the log of this process has no level to set')
    subject.options.onLogLevel(level as LogLevel)
    return { level: level as string }
  },

  drain(subject) {
    subject.leave(Number.POSITIVE_INFINITY)
    return { running: [...subject.jobs()].length }
  },

  shutdown(subject, { force }) {
    subject.leave(force === true ? 0 : subject.options.drainMs)
    return { running: [...subject.jobs()].length }
  },
}

const needsChildren = ({ children }: Subject): void => {
  if (children.size() === 0) throw new TqError('USAGE', 'this worker only decides: it was started without children')
}

const resize = async (subject: Subject, size: number) => {
  const { children } = subject
  needsChildren(subject)
  const range = children.range()
  if (range)
    throw new TqError(
      'CONFLICT',
      `autoscale is on, between ${range.min} and ${range.max} children: change that (autoscale MAX,MIN), or turn it off (autoscale off)`,
    )
  if (size < 1)
    throw new TqError('USAGE', `it has ${children.size()} children, and one must stay; to end the worker, drain it`)
  children.resize(size)
  await subject.restate()
  return { children: size }
}

const served = async (subject: Subject) => {
  await subject.restate()
  return { queues: subject.serving.queues().flatMap(queue => (queue.id === 0 ? [] : [queue.name])) }
}
