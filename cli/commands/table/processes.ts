import type { CommandSpec } from '../../command.ts'
import { asking, output, questions } from './flags.ts'

/** What runs for long, and talking to it. */
export const processes: CommandSpec[] = [
  {
    usage: 'worker',
    summary: 'a worker: claims jobs and runs their handlers in child processes; SIGTERM drains',
    options: [
      ['-Q, --queues <names>', 'only these queues, joined by commas (default: all)', undefined, 'queue'],
      ['-c, --concurrency <n>', 'child processes (default 2)'],
      ['--autoscale <max,min>', 'as many children as the load needs, between these'],
      ['--slots <n>', 'jobs at once in one child, for handlers that wait (default 1)'],
      ['--name <name>', 'how it is called'],
      ['--handlers <dir>', 'where the handlers are (default tasks/)'],
      ['-o, --output <format>', 'table for people, json for machines', 'table'],
    ],
    formats: ['table', 'json'],
    examples: ['tq worker', 'tq worker -Q default,reports -c 4'],
    load: () => import('../worker.ts'),
  },
  {
    usage: 'server',
    summary: 'serves hooks, the state of runs, health and metrics over HTTP; SIGTERM answers what it has accepted',
    options: [
      ['--port <n>', 'where (default 7788); 0: any that is free'],
      ['--host <address>', 'for whom (default 127.0.0.1: this machine alone; 0.0.0.0: all)'],
      ['-o, --output <format>', 'table for people, json for machines', 'table'],
    ],
    formats: ['table', 'json'],
    examples: ['tq server', 'tq server --host 0.0.0.0 --port 8080'],
    load: () => import('../server.ts'),
  },
  {
    usage: 'beat',
    summary: 'fires schedules, and nothing else; every worker does so as well, and any number may run at once',
    options: [['-o, --output <format>', 'table for people, json for machines', 'table']],
    formats: ['table', 'json'],
    examples: ['tq beat'],
    load: () => import('../beat.ts'),
  },
  {
    usage: 'top',
    summary: 'queues, workers and open runs as they are now, again and again; q ends it. Where nobody looks on, once',
    options: [['--every <duration>', 'how often', '2s'], output],
    examples: ['tq top', 'tq top --every 500ms', 'tq top -o json'],
    load: () => import('../top.ts'),
  },
  {
    usage: 'inspect [what]',
    summary: `asks workers: ${questions.join(', ')}`,
    words: [questions],
    options: asking,
    exits: true,
    examples: ['tq inspect ping', 'tq inspect active -d w1,w2', 'tq inspect stats -o json --timeout 5s'],
    load: () => import('../inspect.ts'),
  },
  {
    usage: 'control [order] [args...]',
    words: [
      [
        ...[
          'pool-grow',
          'pool-shrink',
          'autoscale',
          'rate-limit',
          'time-limit',
          'add-queue',
          'remove-queue',
          'log-level',
        ],
        ...['events', 'drain', 'shutdown'],
      ],
      {
        ...{ 'rate-limit': 'queue', 'add-queue': 'queue', 'remove-queue': 'queue', 'log-level': 'log-level' },
        events: ['on', 'off'],
      },
    ],
    summary:
      'tells workers: pool-grow N, pool-shrink N, autoscale MAX,MIN, rate-limit QUEUE RATE, time-limit TASK DURATION, add-queue QUEUE, remove-queue QUEUE, log-level LEVEL, events on|off, drain, shutdown',
    options: [['--force', 'shutdown: what runs is killed, and runs again elsewhere'], ...asking],
    exits: true,
    examples: [
      'tq control pool-grow 2',
      'tq control autoscale 8,2 -d w1',
      'tq control rate-limit mail 100/m',
      'tq control time-limit licences/inspect 5m',
      'tq control drain -d w1',
    ],
    load: () => import('../control.ts'),
  },
  {
    usage: 'db <action>',
    words: [['migrate', 'status']],
    summary: 'migrate: brings the database to this version; status: says where it is',
    options: [output],
    examples: ['tq db migrate', 'tq db status -o json'],
    load: () => import('../db.ts'),
  },
]
